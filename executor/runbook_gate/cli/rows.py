"""`-o text|json|csv`: rows as a table, as one JSON document, or for a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

import click

from runbook_gate.cli.output import columns, emit
from runbook_gate.printable import printable
from runbook_gate.timestamps import rfc3339

F = TypeVar("F", bound=Callable[..., Any])
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_DIGITS: Final = 16


def rows_option(command: F) -> F:
    """Adds `-o` with three forms."""
    return click.option(
        "-o",
        "--output",
        type=click.Choice(["text", "json", "csv"]),
        default="text",
        show_default=True,
        help="json: one document on stdout; csv: a header and one line a row.",
    )(command)


def emit_rows(
    output: str, document: Any, rows: Sequence[dict[str, Any]], every: Sequence[str], shown: Sequence[str], none: str
) -> None:
    """Print rows.

    Args:
        output: `text`, `json` or `csv`.
        document: what `json` gives.
        rows: the rows; a field that is missing is empty.
        every: fields in the order of CSV.
        shown: fields of the table.
        none: the sentence in place of a table without rows.
    """
    if output == "csv":
        click.echo(_csv(rows, every), nl=False)
        return
    header = [_title(name).upper().replace("_", " ") for name in shown]
    table = [[_cell(name, row.get(name), short=True) or None for name in shown] for row in rows]
    emit(output, document, lambda: "\n".join(columns([header, *table])) if rows else none)


def _csv(rows: Sequence[dict[str, Any]], every: Sequence[str]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(map(_title, every))
    writer.writerows([_harmless(_cell(name, row.get(name))) for name in every] for row in rows)
    return out.getvalue()


def _title(name: str) -> str:
    return name.removesuffix("_ms")


def _cell(name: str, value: Any, *, short: bool = False) -> str:
    """A value on one line: moments as people read them, lists with spaces between."""
    if value is None:
        return ""
    if name.endswith("_ms"):
        return rfc3339(value)
    if isinstance(value, list):
        return " ".join(_cell(name, item, short=short) for item in value)
    if isinstance(value, dict):
        return json.dumps(value, sort_keys=True, separators=(",", ":"))
    digest = short and (name.endswith("sha256") or name in ("policies", "audit_id"))
    return printable(value)[: _DIGITS if digest else None]


def _harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
