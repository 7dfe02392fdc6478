"""What the counts of a replay are called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

REPRODUCTIONS: Final[Mapping[str, str]] = {
    "identical": "same bytes, recorded OPA binary",
    "identical_elsewhere": "same bytes, OPA binary another or not recorded",
    "equal_elsewhere": "same JSON, OPA binary another or not recorded",
    "not_reproduced": "not reproduced, so not compared",
    "not_replayable": "not replayable",
}
OBSTACLES: Final[Mapping[str, str]] = {
    "chain_broken": "the record of the run disagrees with itself",
    "evidence_missing": "request or answer missing or erased",
    "evidence_altered": "request or answer altered",
    "record_disagrees": "request or answer is not what the entry says",
    "older_schema": "input of an older schema",
    "unknown_shape": "input with a field that is unknown, or without one",
    "bundle_missing": "bundle missing or erased",
    "bundle_altered": "bundle altered",
    "bundle_differs": "bundle is not of the recorded content",
    "bundle_refused": "bundle refused: built-in outside the allow-list",
    "bundle_unusable": "bundle that OPA does not serve",
}
CHANGES: Final[Mapping[str, str]] = {
    "same": "same",
    "reasons_changed": "reasons changed",
    "next_changed": "next action changed",
    "verdict_changed": "verdict changed",
    "stop_to_go": "  of these stop to go",
    "go_to_stop": "  of these go to stop",
    "undefined": "undefined",
    "error": "error",
    "conditional": "conditional: after a flip in the same run",
}


def share(one: Mapping[str, int]) -> tuple[str, str, str]:
    """A count, its denominator, and the share in percent."""
    percent = f"{100 * one['count'] / one['of']:.1f} %" if one["of"] else "-"
    return str(one["count"]), f"of {one['of']}", percent
