"""Every state that a ledger can be found in has one continuation (design.md, the loop)."""

from __future__ import annotations

from typing import get_args

import pytest
from tests.core.chain import Chain, gathered, intended, resolved, verified

from runbook_gate.core.continuation import (
    AskFirst,
    Conclude,
    Continuation,
    Ended,
    GatherAgain,
    Repeat,
    Resolve,
    continuation,
)
from runbook_gate.errors import LedgerBroken
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


@pytest.mark.parametrize("state", STATES)
def test_a_state_has_one_continuation(state: str) -> None:
    chain, expected = STATES[state]
    assert continuation(chain.history) == expected


def test_only_the_decision_of_its_own_step_resolves_an_intent() -> None:
    chain = Chain(steps=["quota", "rbac"])
    chain.decide("cp1 proceed patch_labels cp2", step="quota").intend(step="quota")
    chain.decide("cp2 proceed verify cp3", step="rbac")
    assert continuation(chain.history) == Resolve()


def test_a_go_to_write_gathers_for_its_own_step() -> None:
    chain = Chain(steps=["quota", "rbac"])
    chain.decide("cp0 proceed gather cp1", step="quota")
    chain.decide("cp3 proceed gather cp1", step="rbac", params={"of": "rbac"})
    chain.decide("cp1 proceed patch_labels cp2", step="rbac")
    assert continuation(chain.history) == GatherAgain({"of": "rbac"})


def test_what_another_step_gathered_does_not_do() -> None:
    chain = Chain(steps=["quota", "rbac"])
    chain.decide("cp0 proceed gather cp1", step="quota").decide("cp1 proceed patch_labels cp2", step="rbac")
    with pytest.raises(LedgerBroken):
        continuation(chain.history)


@pytest.mark.parametrize("told", ["cp1 proceed gather -", "cp1 proceed patch_labels cp2"])
def test_a_ledger_that_the_fence_would_not_have_let_through_is_broken(told: str) -> None:
    with pytest.raises(LedgerBroken):
        continuation(Chain().decide(told).history)
