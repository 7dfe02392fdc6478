"""The core's fence: each rule violated once, on a decision that is good otherwise. Effects have fences of their own."""

from __future__ import annotations

from typing import Any

import pytest
from tests.core import bodies
from tests.core.chain import Chain, gathered, verified
from tests.fakes.gate import decision

from runbook_gate.core import fence
from runbook_gate.core.history import History
from runbook_gate.errors import NoDecision
from runbook_gate.models.decision import Decision

ECHO = {"run_id": "01kq3v", "step": "restore", "ledger_head": "e" * 64}
WRITE = "cp1 proceed patch_labels cp2"
COMPLETE = "cp4 complete finish -"


def asked(told: str, **following: Any) -> Decision:
    """A decision, told as `cp1 proceed patch_labels cp2` (`-` for no checkpoint)."""
    checkpoint, verdict, action, onward = told.split()
    after = {"action": action, "step": "restore", "checkpoint": None if onward == "-" else onward}
    changes = {"verdict": verdict, "next": {**after, "until_ms": None, "params": {}, **following}}
    return Decision.model_validate(decision({**ECHO, "checkpoint": checkpoint}, **changes))


def violation(made: Decision, history: History | None = None) -> str:
    with pytest.raises(NoDecision) as refused:
        fence.check(history or gathered().history, made)
    return refused.value.code


@pytest.mark.parametrize(
    "made",
    [
        asked("cp0 proceed gather cp1"),
        asked(WRITE),
        asked("cp1 proceed resolve_write cp2"),
        asked("cp1 wait gather cp1", until_ms=bodies.DEADLINE),
        asked("cp2 proceed verify cp3"),
        asked("cp2 wait resolve_write cp2", until_ms=bodies.T0),
        asked("cp2 retry gather cp1"),
        asked("cp3 proceed gather cp4"),
        *(asked(f"cp{number} escalate escalate -", params={"write_in_doubt": False}) for number in range(5)),
    ],
    ids=lambda made: f"{made.checkpoint} {made.verdict} {made.next.action}",
)
def test_what_the_runbook_allows_is_inside_the_fence(made: Decision) -> None:
    fence.check(gathered().history, made)


def shown(history: History) -> dict[str, Any]:
    """What a completion says of the newest round."""
    [server] = history.rounds("restore")[-1].body["servers"]
    version = server["last"]["object"]["resource_version"]
    return {**bodies.FINISH, "resource_version": version, "endpoints": [server["endpoint"]]}


def test_a_completion_says_what_a_round_since_the_last_write_shows() -> None:
    history = verified().history
    fence.check(history, asked(COMPLETE, params={**shown(history), "servers": "sampled"}))


@pytest.mark.parametrize(
    "change",
    [{"resource_version": "1"}, {"endpoints": ["api-1", "api-2"]}, {"servers": "listed"}],
    ids=lambda change: next(iter(change)),
)
def test_a_completion_that_no_round_shows_is_outside_the_fence(change: dict[str, Any]) -> None:
    history = verified().history
    made = asked(COMPLETE, params={**shown(history), "servers": "sampled", **change})
    assert violation(made, history) == "fence.verification"


def test_a_completion_without_a_round_is_outside_the_fence() -> None:
    assert violation(asked(COMPLETE, params=bodies.FINISH)) == "fence.verification"


VIOLATIONS: dict[str, tuple[str, Decision]] = {
    "an action that is not allowed there": ("fence.action", asked("cp0 proceed verify cp3")),
    "an action that nobody knows": ("fence.action", asked("cp0 proceed delete_namespace cp1")),
    "finish without completing": ("fence.action", asked("cp4 proceed finish cp4")),
    "an action without a checkpoint after it": ("fence.action", asked("cp0 proceed gather -")),
    "a step that the runbook lacks": ("fence.step", asked("cp0 proceed gather cp1", step="other")),
    "escalation in a step that the runbook lacks": ("fence.step", asked("cp0 escalate escalate -", step="other")),
    "a moment without a wait": ("fence.wait", asked("cp0 proceed gather cp1", until_ms=bodies.T0)),
    "a moment on a retry": ("fence.wait", asked("cp2 retry gather cp1", until_ms=bodies.T0)),
    "a moment on an escalation": ("fence.wait", asked("cp1 escalate escalate -", until_ms=bodies.T0)),
    "a moment on a completion": ("fence.wait", asked(COMPLETE, params=bodies.FINISH, until_ms=bodies.T0)),
    "a wait without a moment": ("fence.wait", asked("cp1 wait gather cp1")),
    "a wait beyond the deadline": ("fence.wait", asked("cp1 wait gather cp1", until_ms=bodies.DEADLINE + 1)),
    "a write from another checkpoint": ("fence.action", asked("cp2 proceed patch_labels cp2")),
    "a write on a retry": ("fence.action", asked("cp1 retry patch_labels cp2")),
    "a write on a wait": ("fence.action", asked("cp1 wait patch_labels cp2", until_ms=bodies.T0)),
    "a write that leads past cp2": ("fence.action", asked("cp1 proceed patch_labels cp3")),
    "completion before cp4": ("fence.action", asked("cp3 complete finish -", params=bodies.FINISH)),
    "completion with another action": ("fence.action", asked("cp4 complete gather -", params=bodies.FINISH)),
    "completion that goes on": ("fence.action", asked("cp4 complete finish cp4", params=bodies.FINISH)),
    "completion without its record": ("fence.params", asked(COMPLETE)),
    "completion with an odd record": ("fence.params", asked(COMPLETE, params={**bodies.FINISH, "writer": "me"})),
    "completion with more than its record": ("fence.params", asked(COMPLETE, params={**bodies.FINISH, "x": 1})),
    "escalation with an effect": ("fence.action", asked("cp1 escalate patch_labels -")),
    "escalation that finishes": ("fence.action", asked("cp4 escalate finish -", params=bodies.FINISH)),
    "escalation that goes on": ("fence.action", asked("cp1 escalate escalate cp2")),
}


@pytest.mark.parametrize("case", VIOLATIONS)
def test_a_rule_violated_is_no_decision(case: str) -> None:
    code, made = VIOLATIONS[case]
    assert violation(made) == code


def test_completion_is_refused_where_the_runbook_does_not_allow_it() -> None:
    actions = {**bodies.ROUTING["actions"], "cp4": ["gather"]}
    history = Chain(**{**bodies.ROUTING, "actions": actions}).history
    assert violation(asked(COMPLETE, params=bodies.FINISH), history) == "fence.action"


def test_a_round_before_the_last_write_shows_nothing() -> None:
    chain = verified()
    made = asked(COMPLETE, params=shown(chain.history))
    fence.check(chain.history, made)
    assert violation(made, chain.intend(2).history) == "fence.verification"
    assert violation(made, verified().repin().history) == "fence.verification"


def test_a_write_stays_in_the_step_that_was_asked() -> None:
    history = Chain(**{**bodies.ROUTING, "steps": ["restore", "other"]}).history
    fence.check(history, asked("cp3 escalate escalate -", step="other"))
    assert violation(asked(WRITE, step="other"), history) == "fence.step"


UNKNOWN = {"steps": ["unknown"], "effects": {}, "actions": {"cp0": ["escalate"]}, "retry_budget": 0}


@pytest.mark.parametrize("told", ["cp0 proceed gather cp1", "cp0 proceed escalate cp1", WRITE, COMPLETE])
def test_of_an_unknown_runbook_nothing_but_escalation_is_allowed(told: str) -> None:
    history = Chain(**UNKNOWN).history
    fence.check(history, asked("cp0 escalate escalate -", step="unknown"))
    assert violation(asked(told, step="unknown", params=bodies.FINISH), history) == "fence.action"


def test_a_refusal_tells_what_to_do_and_nothing_of_what_was_asked() -> None:
    with pytest.raises(NoDecision) as refused:
        fence.check(gathered().history, asked("cp0 proceed planted-secret cp1", step="restore"))
    assert "planted-secret" not in str(refused.value)
    assert refused.value.advice.startswith("Nothing was done.")
    assert refused.value.exit_status == 12
