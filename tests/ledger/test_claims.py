"""Claims: which worker takes up which task."""

from __future__ import annotations

import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest
from tests.fakes.clock import ManualClock
from tests.ledger import conftest, processes
from tests.ledger.samples import finish, opened, start, task
from tests.postgresql.databases import DATABASES

from runbook_gate.ledger import Server, Store
from runbook_gate.ledger.tasks import CLAIM_S

WORKERS, TASKS = 4, 40


def claimed(store: Store, by: str) -> str | None:
    status = store.tasks.claim(by)
    return None if status is None else status.id[-1]


@pytest.fixture
def queue(any_store: Store) -> Store:
    for number in (3, 1, 2):
        any_store.tasks.submit(task(number))
    return any_store


def test_what_has_been_due_the_longest_is_claimed_first_and_once(queue: Store) -> None:
    assert [claimed(queue, by) for by in ("a", "b", "c", "d")] == ["3", "1", "2", None]


def test_others_do_not_see_it_as_due(queue: Store) -> None:
    queue.tasks.claim("a")
    assert [status.id[-1] for status in queue.tasks.due()] == ["1", "2"]
    assert [status.id[-1] for status in queue.tasks.due(by="b")] == ["1", "2"]
    assert [status.id[-1] for status in queue.tasks.due(by="a")] == ["3", "1", "2"]


def test_a_claim_ends_with_its_time(queue: Store, clock: ManualClock) -> None:
    queue.tasks.claim("a")
    clock.advance(CLAIM_S * 1000 - 1)
    assert claimed(queue, "b") == "1"
    clock.advance(1)
    assert claimed(queue, "c") == "3"


def test_a_claim_is_given_up_only_by_its_own(queue: Store) -> None:
    first = queue.tasks.claim("a")
    assert first
    queue.tasks.unclaim(first.id, "b")
    assert claimed(queue, "b") == "1"
    queue.tasks.unclaim(first.id, "a")
    assert claimed(queue, "b") == "3"


def test_a_deferred_task_is_free_when_it_is_due(queue: Store, clock: ManualClock) -> None:
    first = queue.tasks.claim("a")
    assert first
    queue.tasks.defer(first.id, clock.at_ms + 1000)
    assert [claimed(queue, "b"), claimed(queue, "c"), claimed(queue, "d")] == ["1", "2", None]
    clock.advance(1000)
    assert claimed(queue, "d") == "3"


def test_a_run_that_is_held_is_not_claimed_and_a_released_one_is(queue: Store) -> None:
    first = queue.tasks.claim("a")
    assert first
    lease = queue.runs.open(opened(queue, task(3)), holder="a")[0]
    assert [claimed(queue, "a"), claimed(queue, "b"), claimed(queue, "c")] == ["1", "2", None]
    queue.leases.release(lease)
    assert claimed(queue, "c") == "3"


def test_a_finished_task_is_not_claimed(any_store: Store) -> None:
    finish(any_store, start(any_store))
    assert any_store.tasks.claim("a") is None


def test_a_claim_is_no_part_of_the_record(queue: Store) -> None:
    queue.tasks.claim("a")
    assert queue.verify().result == "chain consistent"


def test_a_task_that_another_transaction_has_locked_is_passed_over_at_once(clock: ManualClock) -> None:
    """Whoever waited for the row would meet the lock timeout."""
    place = DATABASES.fresh()
    with conftest.opened(place, clock, busy_ms=1) as store, DATABASES.server.connect(place.url.dbname) as other:
        for number in (1, 2):
            store.tasks.submit(task(number))
        other.execute("BEGIN")
        other.execute("SELECT FROM tasks WHERE id = %s FOR UPDATE", (task(1).id,))
        assert [claimed(store, "a"), claimed(store, "b")] == ["2", None]
        other.execute("ROLLBACK")
        assert claimed(store, "b") == "1"


def test_several_workers_share_the_queue(place: Path | Server) -> None:
    with processes.open_here(place) as store:
        for number in range(TASKS):
            store.tasks.submit(task(number))
    with ProcessPoolExecutor(WORKERS, mp_context=multiprocessing.get_context("spawn")) as pool:
        moment = time.time() + 3
        work = [pool.submit(processes.claim_all, place, moment, f"worker {number}") for number in range(WORKERS)]
        each = [one.result() for one in work]
    assert sorted(name for names in each for name in names) == [task(number).id for number in range(TASKS)]
    with processes.open_here(place) as store:
        assert store.verify().consistent
        assert len(store.runs.list("active")) == TASKS
