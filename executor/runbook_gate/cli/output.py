"""`-o text|json`: one JSON document on stdout for programs; progress and logs go to stderr."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


def output_option(command: F) -> F:
    """Adds `-o`."""
    return click.option(
        "-o",
        "--output",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help="json: one document on stdout.",
    )(command)


def emit(output: str, document: Any, text: Callable[[], str]) -> None:
    """Print a result.

    Args:
        output: `text` or `json`.
        document: what programs get.
        text: makes what people get.
    """
    if output == "json":
        click.echo(json.dumps(document, indent=2, ensure_ascii=False))
    else:
        click.echo(text().rstrip("\n"))
