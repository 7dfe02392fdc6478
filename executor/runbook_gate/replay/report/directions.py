"""Which way a change of verdict goes."""

from __future__ import annotations

from typing import Final, Literal

Direction = Literal["stop_to_go", "go_to_stop"]

VERDICTS: Final = ("proceed", "complete", "retry", "wait", "escalate")
# A verdict that holds the run or ends it without success stops; `retry` lets it go on to another write.
_STOPS: Final = frozenset({"wait", "escalate"})


def direction(first: str, other: str) -> Direction | None:
    """Which way a change of verdict goes; None if it stays on its side."""
    if (first in _STOPS) == (other in _STOPS):
        return None
    return "stop_to_go" if first in _STOPS else "go_to_stop"
