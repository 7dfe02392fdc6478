"""A process that was only stopped, and the one that took its run over meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.statemachine.executors import Executors, outcome_of
from tests.statemachine.process import Incident
from tests.statemachine.promise import breaches
from tests.statemachine.world import NAMESPACES, RestlessWorld

from runbook_gate.core.history import History
from runbook_gate.errors import HeldElsewhere
from runbook_gate.exit_statuses import ExitStatus

NAMESPACE = NAMESPACES[0]
PAST_ITS_CHECK = Incident("write", 1, "pause")


@pytest.fixture
def executors(world: RestlessWorld) -> Executors:
    return Executors(world)


def history(world: RestlessWorld) -> History:
    with world.open() as store:
        return History(store.runs.entries(store.runs.list()[0].id))


def answers(world: RestlessWorld) -> list[int]:
    """HTTP status of each of the executor's real writes, in the order in which they came to the server."""
    return [
        event["responseStatus"]["code"]
        for event in world.server.audit
        if event["verb"] == "patch" and event["user"]["username"] == "runbook-gate"
        and "dryRun=All" not in event["requestURI"]
    ]  # fmt: skip


def test_before_the_lease_is_over_nobody_takes_the_run(world: RestlessWorld, executors: Executors) -> None:
    task_id = world.ask_for(NAMESPACE)
    first = executors.start(task_id, Incident("observed", 3, "pause"))
    before = len(history(world).entries)
    for milliseconds in (0, 30_000, 24_999):
        world.pass_time(milliseconds)
        second = executors.start(task_id)
        assert isinstance(second.fault, HeldElsewhere)
        assert second.fault.exit_status is ExitStatus.HELD
    assert len(history(world).entries) == before
    executors.let_go(first)
    assert outcome_of(first) == "complete"
    assert breaches(executors, ended=True) == []


@pytest.mark.parametrize(
    ("kind", "nth"),
    [
        *(("begin", nth) for nth in (8, 9, 14, 20, 23)),
        *(("connect", nth) for nth in (1, 3, 4)),
        *(("audit", nth) for nth in (1, 2)),
        ("opened", 1),
        ("asked", 1),
        ("asked", 4),
        ("answered", 6),
        ("observed", 4),
        ("decided", 1),
        ("decided", 6),
        ("sleep", 5),
    ],
)
def test_a_process_that_was_held_anywhere_records_nothing_once_it_was_overtaken(
    world: RestlessWorld, executors: Executors, kind: str, nth: int
) -> None:
    task_id = world.ask_for(NAMESPACE)
    first = executors.start(task_id, Incident(kind, nth, "pause"))
    world.pass_time(61_000)
    second = executors.start(task_id)
    assert outcome_of(second) == "complete"
    entries = history(world).entries
    executors.let_go(first)
    # A process that was held before it took the run up finds it ended.
    assert outcome_of(first) in {"LeaseLost", "HeldElsewhere"}
    assert history(world).entries == entries
    assert breaches(executors, ended=True) == []


def test_a_write_past_its_check_comes_after_the_second_attempt(world: RestlessWorld, executors: Executors) -> None:
    task_id = world.ask_for(NAMESPACE)
    first = executors.start(task_id, PAST_ITS_CHECK)
    world.pass_time(61_000)
    second = executors.start(task_id)
    executors.let_go(first)
    assert (outcome_of(first), outcome_of(second)) == ("LeaseLost", "complete")
    assert answers(world) == [200, 409]
    assert history(world).newest.body["record"]["writer"] == "attempt_2"
    assert breaches(executors, ended=True) == []


def test_a_write_past_its_check_comes_before_the_second_attempt(world: RestlessWorld, executors: Executors) -> None:
    task_id = world.ask_for(NAMESPACE)
    first = executors.start(task_id, PAST_ITS_CHECK)
    world.pass_time(61_000)
    second = executors.start(task_id, Incident("intended", 1, "pause"))
    executors.let_go(first)
    executors.let_go(second)
    assert (outcome_of(first), outcome_of(second)) == ("LeaseLost", "complete")
    assert answers(world) == [200, 409]
    assert history(world).newest.body["record"]["writer"] == "attempt_1"
    assert breaches(executors, ended=True) == []


@pytest.mark.parametrize(("what", "ends"), [("unrelated", "complete"), ("foreign", "escalated")])
def test_a_write_past_its_check_is_dead_once_somebody_changed_the_namespace(
    world: RestlessWorld, executors: Executors, what: str, ends: str
) -> None:
    task_id = world.ask_for(NAMESPACE)
    first = executors.start(task_id, PAST_ITS_CHECK)
    world.label(NAMESPACE, what)
    world.pass_time(61_000)
    second = executors.start(task_id)
    executors.let_go(first)
    assert (outcome_of(first), outcome_of(second)) == ("LeaseLost", ends)
    assert answers(world)[-1] == 409
    assert breaches(executors, ended=True) == []


def commits(world: RestlessWorld) -> int:
    """How many transactions a run commits, its opening of the store included."""
    return 17 if isinstance(world.settings.store, Path) else 16


@pytest.mark.parametrize("nth", range(1, 18))
def test_a_process_that_dies_in_a_transaction_leaves_nothing_of_it(
    world: RestlessWorld, executors: Executors, nth: int
) -> None:
    if nth > commits(world):
        pytest.skip("about a ledger in a file: there a run has a commit more")
    task_id = world.ask_for(NAMESPACE)
    assert outcome_of(executors.start(task_id, Incident("commit", nth, "crash"))) == "killed"
    world.pass_time(61_000)
    assert outcome_of(executors.start(task_id)) == "complete"
    assert breaches(executors, ended=True) == []


@pytest.mark.parametrize("nth", range(1, 7))
def test_a_process_that_was_held_before_it_had_a_run_gets_the_result_or_is_told_to_start_again(
    world: RestlessWorld, executors: Executors, nth: int
) -> None:
    task_id = world.ask_for(NAMESPACE)
    first = executors.start(task_id, Incident("begin", nth, "pause"))
    assert first.leases == set()
    assert outcome_of(executors.start(task_id)) == "complete"
    executors.let_go(first)
    assert outcome_of(first) in {"complete", "HeldElsewhere"}
    assert breaches(executors, ended=True) == []


def test_what_others_wrote_before_a_conflict_is_judged_by_its_values(
    world: RestlessWorld, executors: Executors
) -> None:
    restored = Incident("write", 1, "label", (NAMESPACE, "approved"))
    removed = Incident("written", 1, "label", (NAMESPACE, "removed"))
    assert outcome_of(executors.start(world.ask_for(NAMESPACE), restored, removed)) == "complete"
    assert answers(world) == [409, 200]
    assert breaches(executors, ended=True) == []
