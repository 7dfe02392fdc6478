"""Questions to a run's entries."""

from __future__ import annotations

import pytest
from tests.core import bodies
from tests.core.chain import Chain, gathered, intended, resolved, verified
from tests.fakes.gate import PINS

from runbook_gate.core.history import AttemptEntries, History


def test_a_run_begins_with_its_first_step_and_the_pins_of_its_opening() -> None:
    history = Chain(steps=["quota", "rbac"]).history
    assert (history.step, history.pins, history.decision, history.decided) == ("quota", PINS, None, None)
    assert history.opened.deadline_ms == bodies.DEADLINE


def test_the_step_is_the_one_that_the_newest_decision_goes_on_with() -> None:
    chain = Chain(steps=["quota", "rbac"]).decide("cp3 proceed gather cp1", step="rbac").no_decision("cp1")
    assert chain.history.step == "rbac"


def test_repinning_draws_a_line() -> None:
    history = gathered().no_decision("cp1").repin().history
    assert history.pins.content_sha256 == "f" * 64
    assert [entry.kind for entry in history.current] == ["repinned"]
    assert (history.decision, list(history.decisions()), history.params_of("gather")) == (None, [], None)
    assert list(history.observations("gather", step="restore")) == []
    assert history.step == "restore"


def test_the_newest_line_counts() -> None:
    chain = gathered().repin().decide("cp0 proceed gather cp1").repin()
    assert chain.history.current == chain.history.entries[-1:]


def test_attempts_are_intents_with_what_their_own_request_brought() -> None:
    chain = resolved().decide("cp2 retry gather cp1").observe("gather").decide("cp1 proceed patch_labels cp2")
    chain.intend(2).wrote()
    first, second = (entry for entry in chain.entries if entry.kind == "intent")
    brought = {entry.body["intent"]: entry for entry in chain.entries if entry.body.get("effect") == "patch_labels"}
    assert chain.history.attempts("restore") == [
        AttemptEntries(first, brought[first.sha256]),
        AttemptEntries(second, brought[second.sha256]),
    ]
    assert chain.history.attempts_made() == 2


def test_an_attempt_without_observation_is_one_all_the_same() -> None:
    chain = intended()
    assert chain.history.attempts("restore") == [AttemptEntries(chain.newest, None)]


def test_attempts_count_per_step() -> None:
    chain = Chain(steps=["quota", "rbac"])
    chain.decide("cp1 proceed patch_labels cp2", step="quota").intend(step="quota").wrote(step="quota")
    assert len(chain.history.attempts("quota")) == 1
    assert chain.history.attempts("rbac") == []
    assert chain.history.attempts_made() == 1


def test_no_line_ever_gives_a_fresh_budget() -> None:
    history = resolved().repin().history  # never written by the loop
    assert len(history.attempts("restore")) == 1
    assert history.unresolved()


@pytest.mark.parametrize(
    ("chain", "unresolved"),
    [
        (gathered(), False),
        (intended(), True),
        (resolved().no_decision("cp2"), True),
        (verified(), False),
        (resolved().decide("cp2 retry gather cp1").decide("cp1 proceed patch_labels cp2").intend(2), True),
    ],
    ids=["no intent", "intent", "no decision", "decided", "second intent"],
)
def test_a_write_is_unresolved_until_cp2_has_decided(chain: Chain, unresolved: bool) -> None:
    assert chain.history.unresolved() is unresolved


@pytest.mark.parametrize("kind", ["completed", "escalated"])
def test_a_run_has_ended_with_its_last_entry(kind: str) -> None:
    chain = verified()
    assert chain.history.end is None
    assert chain.add(kind, {}).history.end == chain.newest


def test_observations_are_those_of_an_effect_and_a_step_behind_a_position() -> None:
    chain = verified().decide("cp3 wait verify cp3", until_ms=1).observe("verify").observe("verify", step="other")
    found = [entry.seq for entry in chain.history.observations("verify", step="restore")]
    assert len(found) == 2
    assert [entry.seq for entry in chain.history.observations("verify", step="restore", after=found[0])] == found[1:]
    assert isinstance(chain.history, History)


def test_rounds_are_those_since_the_newest_intent_in_the_order_of_the_ledger() -> None:
    chain = Chain(steps=["restore"], effects={"verify": "round", "probe_storage": "round", "patch_labels": "write"})
    chain.observe("verify").observe("verify", effect="probe_storage").observe("verify").observe("verify", step="other")
    assert [entry.seq for entry in chain.history.rounds("restore")] == [2, 3, 4]
    chain.intend(step="other")
    assert len(chain.history.rounds("restore")) == 3
    chain.intend().observe("verify")
    assert [entry.seq for entry in chain.history.rounds("restore")] == [chain.newest.seq]
