"""What a resumed run does first, from its entries alone (design.md, the loop).

- Every state has exactly one continuation.
- A write is never repeated: an intent without a later cp2 decision is resolved, and a go to write without an
  intent is asked for again with fresh facts.
- Everything else that was decided only reads and may be repeated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from runbook_gate.core.history import History
from runbook_gate.errors import LedgerBroken
from runbook_gate.models.decision import Checkpoint


@dataclass(frozen=True)
class AskFirst:
    """Nothing was decided: ask cp0."""


@dataclass(frozen=True)
class Resolve:
    """A write may have happened: look at what became of it, then ask cp2."""


@dataclass(frozen=True)
class GatherAgain:
    """A go to write is for the process that received it: gather, then ask cp1."""

    params: dict[str, Any]


@dataclass(frozen=True)
class Repeat:
    """Do what was decided, from a moment on, then ask the named checkpoint."""

    action: str
    params: dict[str, Any]
    until_ms: int | None
    checkpoint: Checkpoint


@dataclass(frozen=True)
class Conclude:
    """The verdict ended the run; its record is missing."""

    verdict: str


@dataclass(frozen=True)
class Ended:
    """The run's record is complete."""


Continuation = AskFirst | Resolve | GatherAgain | Repeat | Conclude | Ended


def continuation(history: History) -> Continuation:
    """Name the one thing that a run with these entries does next.

    Raises:
        LedgerBroken: if the newest decision is one that the fence would have refused.
    """
    if history.end is not None:
        return Ended()
    if history.unresolved():
        return Resolve()
    decided = history.decided
    if decided is None:
        return AskFirst()
    if decided.verdict in {"complete", "escalate"}:
        return Conclude(decided.verdict)
    following = decided.next
    if history.opened.routing.effects.get(following.action) == "write":
        return _gather_again(history)
    if following.checkpoint is None:
        raise LedgerBroken("The newest decision goes on, but names no checkpoint.")
    return Repeat(following.action, following.params, following.until_ms, following.checkpoint)


def _gather_again(history: History) -> GatherAgain:
    params = history.params_of("gather")
    if params is None:
        raise LedgerBroken("A write was decided in a step in which nothing was gathered.")
    return GatherAgain(params)
