"""`--fail-on`: what of a replay's findings sets the exit status."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from runbook_gate.replay.report.tally import Tally

KINDS: Final[Mapping[str, Callable[[Tally], int]]] = {
    "stop-to-go": lambda tally: tally.directions["stop_to_go"],
    "go-to-stop": lambda tally: tally.directions["go_to_stop"],
    "verdict": lambda tally: tally.changes["verdict_changed"],
    "next": lambda tally: tally.changes["next_changed"],
    "reasons": lambda tally: tally.changes["reasons_changed"],
    "undefined": lambda tally: tally.changes["undefined"],
    "error": lambda tally: tally.changes["error"],
    "not-reproduced": lambda tally: tally.reproductions["not_reproduced"],
    "not-replayable": lambda tally: tally.reproductions["not_replayable"],
    "altered": lambda tally: tally.altered,
}
DEFAULT: Final = "not-reproduced,altered"


def found(tally: Tally, kinds: Iterable[str]) -> list[str]:
    """Those of the kinds that were found."""
    return [kind for kind in kinds if KINDS[kind](tally)]
