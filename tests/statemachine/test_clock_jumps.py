"""Clocks that jump and machines that start again lead to a denial or a wait, never to a write."""

from __future__ import annotations

import pytest
from tests.statemachine.executors import Executors, outcome_of
from tests.statemachine.process import Incident
from tests.statemachine.promise import breaches
from tests.statemachine.world import NAMESPACES, RestlessWorld

from runbook_gate.core.history import History

NAMESPACE = NAMESPACES[0]
HOUR_MS = 3_600_000


@pytest.fixture
def executors(world: RestlessWorld) -> Executors:
    return Executors(world)


def history(world: RestlessWorld) -> History:
    with world.open() as store:
        return History(store.runs.entries(store.runs.list()[0].id))


def jump(kind: str, nth: int, *, boottime_ms: int = 0, wall_ms: int = 0) -> tuple[Incident, ...]:
    """The machine sleeps, and its wall clock is set."""
    slept = Incident(kind, nth, "pass_time", (boottime_ms,))
    return (slept, Incident(kind, nth, "step", (wall_ms - boottime_ms,)))


@pytest.mark.parametrize("kind", ["decided", "intended", "connect"])
@pytest.mark.parametrize(
    ("boottime_ms", "wall_ms"),
    [(11_000, 11_000), (11_000, 0), (0, 11_000), (0, HOUR_MS), (11_000, -HOUR_MS)],
    ids=["suspended", "suspended, wall clock behind", "wall clock ahead", "far ahead", "suspended and set back"],
)
def test_between_a_go_and_its_write_a_jump_makes_it_not_sent(
    world: RestlessWorld, executors: Executors, kind: str, boottime_ms: int, wall_ms: int
) -> None:
    incidents = jump(kind, 1 if kind == "intended" else 2, boottime_ms=boottime_ms, wall_ms=wall_ms)
    executors.start(world.ask_for(NAMESPACE), *incidents)
    [first, *_] = history(world).attempts("restore")
    assert first.observation
    assert first.observation.body["patched"]["http"]["outcome"] == "not_sent"
    assert first.intent.sha256 not in [sent.audit_id for sent in world.sent]
    executors.finish()
    assert breaches(executors, ended=True) == []


@pytest.mark.parametrize("wall_ms", [-HOUR_MS, -20_500, 11_000])
def test_while_the_gate_decides_a_step_of_the_wall_clock_takes_the_go_back(
    world: RestlessWorld, executors: Executors, wall_ms: int
) -> None:
    task_id = world.ask_for(NAMESPACE)
    asked = executors.start(task_id, *jump("asked", 2, wall_ms=wall_ms))
    assert outcome_of(asked) == "NoDecision"
    assert history(world).newest.body["code"] == ("fence.too_late" if wall_ms > 0 else "fence.too_early")
    assert world.sent == []
    executors.finish()
    assert breaches(executors, ended=True) == []


def test_while_the_gate_decides_the_wall_clock_is_set_past_the_deadline(
    world: RestlessWorld, executors: Executors
) -> None:
    asked = executors.start(world.ask_for(NAMESPACE), *jump("asked", 2, wall_ms=HOUR_MS))
    assert outcome_of(asked) == "escalated"
    assert history(world).newest.body["codes"] == ["executor.deadline_no_decision"]
    assert world.sent == []
    executors.finish()
    assert breaches(executors, ended=True) == []


def test_while_the_gate_decides_a_machine_that_sleeps_makes_the_go_lapse(
    world: RestlessWorld, executors: Executors
) -> None:
    asked = executors.start(world.ask_for(NAMESPACE), *jump("asked", 2, boottime_ms=600, wall_ms=600))
    assert outcome_of(asked) == "complete"
    said = [f"{entry.checkpoint} {entry.body['verdict']}" for entry in history(world).decisions()]
    assert said[:4] == ["cp0 proceed", "cp1 proceed", "cp1 proceed", "cp2 proceed"]
    assert len(world.sent) == 1
    assert breaches(executors, ended=True) == []


@pytest.mark.parametrize("moment", ["decided", "intended"])
def test_after_a_reboot_a_go_is_never_taken_up(world: RestlessWorld, executors: Executors, moment: str) -> None:
    task_id = world.ask_for(NAMESPACE)
    executors.start(task_id, Incident(moment, 2 if moment == "decided" else 1, "pause"))
    executors.reboot()
    assert world.sent == []
    assert outcome_of(executors.start(task_id)) == "HeldElsewhere"
    world.pass_time(61_000)
    assert outcome_of(executors.start(task_id)) == "complete"
    first, second = history(world).attempts("restore")
    assert [sent.audit_id for sent in world.sent] == [second.intent.sha256]
    assert first.observation is None
    assert breaches(executors, ended=True) == []


@pytest.mark.parametrize("wall_ms", [0, 3_000])
def test_after_a_reboot_a_wait_is_measured_by_the_wall_clock(
    world: RestlessWorld, executors: Executors, wall_ms: int
) -> None:
    task_id = world.ask_for(NAMESPACE)
    assert outcome_of(executors.start(task_id, Incident("waiting", 1, "stop"))) == "Stopped"
    waits = history(world).newest
    executors.reboot()
    world.step(wall_ms)
    executors.start(task_id)
    following = history(world).entries[waits.seq]
    assert following.body["effect"] == "verify"
    assert following.at_ms >= waits.body["next"]["until_ms"]
    executors.finish()
    assert len(world.sent) == 1
    assert breaches(executors, ended=True) == []


def test_after_a_reboot_with_the_wall_clock_far_behind_a_wait_is_as_long_as_it_was_decided(
    world: RestlessWorld, executors: Executors
) -> None:
    """And then the clocks of executor and API server do not agree, which is for people to mend."""
    task_id = world.ask_for(NAMESPACE)
    assert outcome_of(executors.start(task_id, Incident("waiting", 1, "stop"))) == "Stopped"
    waits = history(world).newest
    executors.reboot()
    world.step(-HOUR_MS)
    before_ms = world.clock.read().boottime_ms
    executors.start(task_id)
    following = history(world).entries[waits.seq]
    assert following.body["effect"] == "verify"
    assert following.boottime_ms - before_ms >= waits.body["next"]["until_ms"] - waits.at_ms
    executors.finish()
    assert len(world.sent) == 1
    assert breaches(executors, ended=True) == []


@pytest.mark.parametrize("wall_ms", [-HOUR_MS, HOUR_MS])
def test_a_step_of_the_wall_clock_neither_cuts_nor_stretches_a_wait(
    world: RestlessWorld, executors: Executors, wall_ms: int
) -> None:
    task_id = world.ask_for(NAMESPACE)
    executors.start(task_id, *jump("sleep", 3, wall_ms=wall_ms))
    waits = next(entry for entry in history(world).decisions() if entry.body["verdict"] == "wait")
    following = history(world).entries[waits.seq]
    assert 5_000 <= following.boottime_ms - waits.boottime_ms <= 5_200
    executors.finish()
    assert breaches(executors, ended=True) == []


@pytest.mark.parametrize("wall_ms", [-HOUR_MS, HOUR_MS])
def test_a_step_of_the_wall_clock_neither_ends_nor_keeps_a_lease(
    world: RestlessWorld, executors: Executors, wall_ms: int
) -> None:
    task_id = world.ask_for(NAMESPACE)
    executors.start(task_id, Incident("observed", 2, "crash"))
    world.step(wall_ms)
    assert outcome_of(executors.start(task_id)) == "HeldElsewhere"
    world.step(-wall_ms)
    world.pass_time(61_000)
    assert outcome_of(executors.start(task_id)) == "complete"
    assert breaches(executors, ended=True) == []
