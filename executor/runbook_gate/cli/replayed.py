"""The text of a replay's findings, for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from runbook_gate.cli.output import columns
from runbook_gate.cli.tables import table
from runbook_gate.cli.wrapping import wrapped
from runbook_gate.replay.report.rows import counts, flips, singled, verdicts


def text(told: Mapping[str, Any]) -> Iterator[str]:
    """Tell what was found.

    Args:
        told: the document.
    """
    yield from wrapped(f"Recorded decisions: {told['decisions']}, of {told['records']}")
    for name in ("candidate", "base"):
        if told[name]:
            yield from wrapped(f"{name.capitalize()}: {told[name]['policies']}")
            yield f"  {told[name]['policy_sha256']}"
    for title, rows in counts(told):
        yield from ("", title)
        yield from columns(rows, indent="  ")
    if told.get("comparison"):
        yield from _compared(told)
    if told["details"]:
        yield from ("", "Not as they were")
        for line in singled(told):
            yield from wrapped(line, indent="      ", first="  ")
    yield ""
    yield from wrapped(told["proves"])
    yield f"Result: {told['result']}"


def _compared(told: Mapping[str, Any]) -> Iterator[str]:
    header, rows = verdicts(told)
    yield from ("", "Every verdict against every other")
    yield from columns([header, *rows], indent="  ")
    if found := flips(told):
        yield from ("", "Changed verdicts by code")
        yield from table(("code", "verdict", "direction", "decisions", "runs"), found)
