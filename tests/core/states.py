"""Every state in which a ledger can be found, with its continuation: the table in docs/resuming.md is made of it.

`python -m tests.core.states` prints that table.
"""

from __future__ import annotations

from typing import get_args

from tests.core.chain import Chain, gathered, intended, resolved, verified

from runbook_gate.core.continuation import (
    AskFirst,
    Conclude,
    Continuation,
    Ended,
    GatherAgain,
    Repeat,
    Resolve,
)
from runbook_gate.models.decision import Checkpoint

CP0, CP1_WRITE, CP1_NONE = "cp0 proceed gather cp1", "cp1 proceed patch_labels cp2", "cp1 proceed resolve_write cp2"
CP2, RETRY, CP2_WAIT = "cp2 proceed verify cp3", "cp2 retry gather cp1", "cp2 wait resolve_write cp2"
CP3, CP3_WAIT = "cp3 proceed gather cp4", "cp3 wait verify cp3"


def again(told: str, until_ms: int | None = None) -> Repeat:
    """The action of a decision once more, as it was asked for."""
    _, _, action, checkpoint = told.split()
    onward: Checkpoint = next(name for name in get_args(Checkpoint) if name == checkpoint)
    return Repeat(action, {"asked_by": told}, until_ms, onward)


GATHER = GatherAgain({"asked_by": CP0})

STATES: dict[str, tuple[Chain, Continuation]] = {
    "opened": (Chain(), AskFirst()),
    "opened, cp0 brought no decision": (Chain().no_decision("cp0"), AskFirst()),
    "repinned": (Chain().decide(CP0).repin(), AskFirst()),
    "repinned after a go to write": (gathered().decide(CP1_WRITE).repin(), AskFirst()),
    "repinned, then decided": (Chain().decide(CP0).repin().decide(CP0), again(CP0)),
    "cp0 decided": (Chain().decide(CP0), again(CP0)),
    "cp0 escalated": (Chain().decide("cp0 escalate escalate -"), Conclude("escalate")),
    "gathered": (gathered(), again(CP0)),
    "gathered, cp1 brought no decision": (gathered().no_decision("cp1"), again(CP0)),
    "cp1 waits": (
        gathered().decide("cp1 wait gather cp1", until_ms=7),
        again("cp1 wait gather cp1", 7),
    ),
    "cp1 goes on without a write": (gathered().decide(CP1_NONE), again(CP1_NONE)),
    "cp1 escalated": (gathered().decide("cp1 escalate escalate -"), Conclude("escalate")),
    "a go to write": (gathered().decide(CP1_WRITE), GATHER),
    "a go to write, gathered again": (gathered().decide(CP1_WRITE).observe("gather"), GATHER),
    "a go to write, asked again in vain": (
        gathered().decide(CP1_WRITE).observe("gather").no_decision("cp1"),
        GATHER,
    ),
    "intended": (intended(), Resolve()),
    "written": (intended().wrote(), Resolve()),
    "written and looked at": (resolved(), Resolve()),
    "written, cp2 brought no decision": (resolved().no_decision("cp2"), Resolve()),
    "cp2 waits": (resolved().decide(CP2_WAIT, until_ms=9), again(CP2_WAIT, 9)),
    "cp2 waited and looked again": (
        resolved().decide(CP2_WAIT, until_ms=9).observe("resolve_write"),
        again(CP2_WAIT, 9),
    ),
    "cp2 retries": (resolved().decide(RETRY), again(RETRY)),
    "cp2 escalated": (resolved().decide("cp2 escalate escalate -"), Conclude("escalate")),
    "a second go to write": (
        resolved().decide(RETRY).observe("gather").decide(CP1_WRITE),
        GatherAgain({"asked_by": RETRY}),
    ),
    "a second intent": (resolved().decide(RETRY).observe("gather").decide(CP1_WRITE).intend(2), Resolve()),
    "a second intent resolved": (
        resolved().decide(RETRY).observe("gather").decide(CP1_WRITE).intend(2).decide(CP2),
        again(CP2),
    ),
    "cp2 decided": (resolved().decide(CP2), again(CP2)),
    "a round": (verified(), again(CP2)),
    "a round, cp3 brought no decision": (verified().no_decision("cp3"), again(CP2)),
    "cp3 waits": (verified().decide(CP3_WAIT, until_ms=11), again(CP3_WAIT, 11)),
    "cp3 decided": (verified().decide(CP3), again(CP3)),
    "cp3 decided, gathered": (verified().decide(CP3).observe("gather"), again(CP3)),
    "cp4 completed, its record missing": (
        verified().decide(CP3).observe("gather").decide("cp4 complete finish -"),
        Conclude("complete"),
    ),
    "completed": (verified().add("completed", {}), Ended()),
    "escalated": (verified().add("escalated", {}), Ended()),
    "escalated past the deadline with a write in doubt": (intended().add("escalated", {}), Ended()),
}


def table() -> str:
    """The states and what a start of the executor does first in each, as Markdown."""
    rows = [("state of the ledger", "continuation", "does first", "then asks"), ("---",) * 4]
    rows += [(state, type(onward).__name__, *_told(onward)) for state, (_, onward) in STATES.items()]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _told(onward: Continuation) -> tuple[str, str]:
    match onward:
        case AskFirst():
            return "nothing", "cp0"
        case Resolve():
            return "resolve_write", "cp2"
        case GatherAgain():
            return "gather", "cp1"
        case Repeat(action, _, until_ms, checkpoint):
            return f"{action}, from `until_ms` on" if until_ms else action, checkpoint
        case Conclude(verdict):
            return {"complete": "the completion record", "escalate": "the escalation and its packet"}[verdict], "-"
        case Ended():
            return "nothing: the stored result is given", "-"


if __name__ == "__main__":
    print(table(), end="")
