"""`-o text|json`: one JSON document on stdout for programs; progress and logs go to stderr."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from runbook_gate.printable import printable

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


def columns(rows: Sequence[Sequence[object]], *, indent: str = "") -> list[str]:
    """Rows as aligned text; None is shown as `-`. Whatever is in a cell stays on its line.

    Args:
        rows: cells, in each row as many.
        indent: what every line begins with.

    Returns:
        The lines.
    """
    shown = [["-" if cell is None else printable(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    return [
        (indent + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))).rstrip()
        for row in shown
    ]
