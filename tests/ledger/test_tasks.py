"""The queue."""

from __future__ import annotations

from typing import Any

import pytest
from tests.fakes.clock import ManualClock
from tests.ledger.samples import LABEL, finish, start, task

from runbook_gate.errors import TaskConflict, UnknownRecord, UsageFault
from runbook_gate.ledger import Store


def test_a_submitted_task_is_queued_and_read_back_as_it_was(any_store: Store, clock: ManualClock) -> None:
    status = any_store.tasks.submit(task())
    assert (status.id, status.runbook, status.state) == ("restore-psa-0001", "MKS-PSA-Label-Restore-v3", "queued")
    assert (status.outcome, status.run, status.submitted_ms) == (None, None, clock.at_ms)
    assert any_store.tasks.get("restore-psa-0001") == task()
    assert any_store.tasks.status("restore-psa-0001") == status


def test_the_same_task_again_changes_nothing(any_store: Store) -> None:
    first = any_store.tasks.submit(task())
    later = {"submitter": "somebody-else", "assurance": "none", "submitted_ms": 1_784_635_299_999}
    assert any_store.tasks.submit(task(submission=later)) == first
    assert any_store.tasks.get(first.id) == task()
    assert any_store.verify().chains[-1].entries == 1


@pytest.mark.parametrize(
    "change",
    [
        {"namespace": "payments-2"},
        {"labels": {LABEL: "baseline"}},
        {"labels": {LABEL: None}},
        {"retry_budget": 3},
        {"incident": "INC-1"},
        {"prequalification": {"reference": "CHG-1", "by": "platform-governance", "until_ms": 1_784_700_000_001}},
    ],
    ids=lambda change: next(iter(change)),
)
def test_the_same_id_with_other_content_is_refused(any_store: Store, change: dict[str, Any]) -> None:
    any_store.tasks.submit(task())
    with pytest.raises(TaskConflict, match="restore-psa-0001"):
        any_store.tasks.submit(task(**change))
    assert any_store.tasks.get("restore-psa-0001") == task()


def test_what_has_been_due_the_longest_is_listed_first(any_store: Store, clock: ManualClock) -> None:
    for number in (3, 1, 2):
        any_store.tasks.submit(task(number))
    assert [status.id[-1] for status in any_store.tasks.due()] == ["3", "1", "2"]
    assert [status.id[-1] for status in any_store.tasks.due(limit=1)] == ["3"]
    any_store.tasks.defer("restore-psa-0003", clock.at_ms + 1000)
    assert [status.id[-1] for status in any_store.tasks.due()] == ["1", "2"]
    clock.advance(1000)
    # It is due since a moment ago, the others since they were submitted.
    assert [status.id[-1] for status in any_store.tasks.due()] == ["1", "2", "3"]


def test_an_active_task_is_due_when_nobody_is_at_work(any_store: Store, clock: ManualClock) -> None:
    lease = start(any_store)
    assert any_store.tasks.due() == []
    any_store.leases.release(lease, not_before_ms=clock.at_ms + 500)
    assert any_store.tasks.due() == []
    clock.advance(500)
    assert [(status.state, status.run) for status in any_store.tasks.due()] == [("active", lease.run)]
    lease = any_store.leases.acquire(lease.run, "b")
    assert any_store.tasks.due() == []
    clock.advance(60_000)
    assert [status.run for status in any_store.tasks.due()] == [lease.run]


def test_a_finished_task_is_never_due(any_store: Store, clock: ManualClock) -> None:
    finish(any_store, start(any_store))
    any_store.tasks.defer("restore-psa-0001", 0)
    clock.advance(1_000_000)
    assert any_store.tasks.due() == []
    assert [status.outcome for status in any_store.tasks.list("finished")] == ["complete"]


def test_lists_by_state(any_store: Store) -> None:
    for number in (1, 2, 3):
        any_store.tasks.submit(task(number))
    any_store.tasks.withdraw("restore-psa-0002", actor="leah")
    start(any_store, 3)
    found = {state: [s.id[-1] for s in any_store.tasks.list(state)] for state in ("queued", "active", "finished")}
    assert found == {"queued": ["1"], "active": ["3"], "finished": ["2"]}
    assert [status.id[-1] for status in any_store.tasks.list()] == ["1", "2", "3"]
    assert len(any_store.tasks.list(limit=2)) == 2


def test_only_a_queued_task_can_be_withdrawn(any_store: Store) -> None:
    any_store.tasks.submit(task(1))
    withdrawn = any_store.tasks.withdraw("restore-psa-0001", actor="leah")
    assert (withdrawn.state, withdrawn.outcome, withdrawn.run) == ("finished", "withdrawn", None)
    start(any_store, 2)
    for number in (1, 2):
        with pytest.raises(UsageFault, match="only queued"):
            any_store.tasks.withdraw(f"restore-psa-000{number}", actor="leah")
    assert any_store.tasks.submit(task(1)) == withdrawn
    assert any_store.verify().consistent


def test_unknown_tasks(any_store: Store) -> None:
    for ask in (any_store.tasks.get, any_store.tasks.status):
        with pytest.raises(UnknownRecord, match="no task t"):
            ask("t")
    with pytest.raises(UnknownRecord, match="no task t"):
        any_store.tasks.withdraw("t", actor="leah")
    assert any_store.runs.result("t") is None
