"""What a change of the policies does, as one Markdown comment on a pull request."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from runbook_gate.packet.escaping import code, escape
from runbook_gate.replay.report.markdown import differing, tables

# By this a job finds its own comment again.
_SIDES: Final = ("base", "head")
MARK: Final = "<!-- runbook-gate policy impact -->"


def comment(told: Mapping[str, Any]) -> str:
    """Set what was found over recorded decisions and fixtures.

    Args:
        told: `base`, `head`, and a document each for `recorded` (None without a ledger) and `fixtures`.
    """
    lines = [MARK, "## Policy impact", ""]
    lines += [f"- {side}: {code(told[side]['policies'])}, {code(told[side]['policy_sha256'])}" for side in _SIDES]
    lines += _section("Recorded decisions", told["recorded"])
    return "\n".join([*lines, *_section("Fixtures", told["fixtures"]), ""])


def _section(title: str, told: Mapping[str, Any] | None) -> Iterator[str]:
    yield from ("", f"## {title}", "")
    if told is None:
        yield "No ledger was given, so no recorded decision was asked again."
        return
    comparison = told["comparison"]
    same, of = comparison["same"]["count"], comparison["same"]["of"]
    kept_out = told["decisions"] - of
    yield f"{of - same} of {of} decisions change." if of != same else f"None of {of} decisions changes."
    if kept_out:
        yield f"{kept_out} more were not reproduced or are not replayable, so they were not compared."
    if of != same or kept_out:
        yield from tables(told)
        yield from differing(told)
    if title == "Recorded decisions":
        yield from ("", escape(told["proves"]))
