"""What a replay found as Markdown, for a pull request. Everything from elsewhere is escaped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from runbook_gate.packet.escaping import code, escape, table
from runbook_gate.replay.report.rows import counts, flips, verdicts, what

_DETAILS_SHOWN: Final = 10


def markdown(told: Mapping[str, Any], *, title: str = "Replay of recorded decisions") -> str:
    """Set the document for people.

    Args:
        told: the document.
        title: the heading.
    """
    return "\n".join(
        [
            f"## {title}",
            "",
            *_about(told),
            *tables(told),
            *differing(told),
            "",
            f"Result: {told['result']}. {told['proves']}",
            "",
        ]
    )


def tables(told: Mapping[str, Any]) -> Iterator[str]:
    """The counts, every verdict against every other, and the flips."""
    for heading, rows in counts(told):
        yield from ("", f"### {heading}", "", table(["what", "count", "of", "share"], [_cells(row) for row in rows]))
    if not told.get("comparison"):
        return
    header, rows = verdicts(told)
    yield from ("", "### Every verdict against every other", "")
    yield table([header[0].replace("\\", "/"), *header[1:]], [_cells(row) for row in rows])
    if found := flips(told):
        yield from ("", "### Changed verdicts by code", "")
        cells = [[code(row[0]), *(escape(cell) for cell in row[1:])] for row in found]
        yield table(["code", "verdict", "direction", "decisions", "runs"], cells)


def _about(told: Mapping[str, Any]) -> Iterator[str]:
    yield f"- {told['decisions']} recorded decisions of {code(told['records'])}"
    for name in ("candidate", "base"):
        if told[name]:
            yield f"- {name}: {code(told[name]['policies'])}, content digest {code(told[name]['policy_sha256'])}"


def differing(told: Mapping[str, Any]) -> Iterator[str]:
    """The first decisions that are not as they were, folded."""
    if not told["details"]:
        return
    yield from ("", "<details><summary>The first decisions that are not as they were</summary>", "")
    for one in told["details"][:_DETAILS_SHOWN]:
        place = f"{one['run']}:{one['seq']}"
        yield f"- {code(place)} {escape(what(one))}"
        yield from (f"  - {code(path)} = {code(value)}" for path, value in one.get("facts", {}).items())
    if more := max(0, len(told["details"]) - _DETAILS_SHOWN) + told["details_omitted"]:
        yield f"- and {more} more"
    yield from ("", "</details>")


def _cells(row: tuple[str, ...]) -> list[str]:
    return [escape(cell) for cell in row]
