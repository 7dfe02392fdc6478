"""`config show`: what is configured, after file, environment and options."""

from __future__ import annotations

from typing import Any

import click

from runbook_gate.cli.output import emit, output_option
from runbook_gate.cli.settings import settings


@click.group()
def config() -> None:
    """Show the effective configuration."""


@config.command()
@output_option
@click.pass_context
def show(context: click.Context, output: str) -> None:
    """Print every setting and its effective value."""
    document = settings(context).model_dump(mode="json")
    emit(output, document, lambda: "\n".join(_lines(document)))


def _lines(document: dict[str, Any], prefix: str = "") -> list[str]:
    lines: list[str] = []
    for key, value in document.items():
        if isinstance(value, dict):
            lines += _lines(value, f"{prefix}{key}.")
        else:
            lines.append(f"{prefix}{key} = {'(not set)' if value is None else value}")
    return lines
