"""On a server its clock says what is held and what is due: those of its clients do not matter."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor

import pytest
from tests.ledger import processes
from tests.ledger.samples import EXECUTOR, start, task
from tests.postgresql.databases import DATABASES, set_ahead

from runbook_gate.clock import Reading, SystemClock
from runbook_gate.ledger import Server, Store

HOUR_MS = 3_600_000


class Wrong(SystemClock):
    """The clock of a host that is an hour off, and started a moment ago."""

    def __init__(self, behind_ms: int) -> None:
        super().__init__()
        self._behind_ms = behind_ms

    def read(self) -> Reading:
        now = super().read()
        return Reading(now.at_ms - self._behind_ms, 0, "another boot")


@pytest.fixture
def place() -> Server:
    return DATABASES.fresh()


def open_at(place: Server, behind_ms: int) -> Store:
    return Store.open(place, clock=Wrong(behind_ms), executor=EXECUTOR)


@pytest.mark.parametrize("behind_ms", [HOUR_MS, -HOUR_MS], ids=["behind", "ahead"])
def test_a_process_whose_clock_is_an_hour_off(place: Server, behind_ms: int) -> None:
    with Store.open(place, clock=SystemClock(), executor=EXECUTOR) as store:
        lease = start(store)
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
            assert pool.submit(processes.acquire_elsewhere, place, lease.run, behind_ms).result() is None
            set_ahead(DATABASES.server, place, 61_000)
            assert pool.submit(processes.acquire_elsewhere, place, lease.run, behind_ms).result() == 2


@pytest.mark.parametrize("behind_ms", [HOUR_MS, -HOUR_MS], ids=["behind", "ahead"])
def test_a_task_that_such_a_process_defers_is_due_for_all_after_the_same_time(place: Server, behind_ms: int) -> None:
    with open_at(place, behind_ms) as wrong, Store.open(place, clock=SystemClock(), executor=EXECUTOR) as right:
        right.tasks.submit(task())
        wrong.tasks.defer(task().id, Wrong(behind_ms).read().at_ms + 60_000)
        assert (wrong.tasks.due(), right.tasks.due()) == ([], [])
        set_ahead(DATABASES.server, place, 61_000)
        assert len(wrong.tasks.due()) == len(right.tasks.due()) == 1


@pytest.mark.parametrize("behind_ms", [HOUR_MS, -HOUR_MS], ids=["behind", "ahead"])
def test_a_claim_of_such_a_process_lasts_as_long_as_any(place: Server, behind_ms: int) -> None:
    with open_at(place, behind_ms) as wrong, Store.open(place, clock=SystemClock(), executor=EXECUTOR) as right:
        right.tasks.submit(task())
        assert wrong.tasks.claim("wrong")
        assert right.tasks.claim("right") is None
        set_ahead(DATABASES.server, place, 31_000)
        assert right.tasks.claim("right")


@pytest.mark.parametrize("behind_ms", [HOUR_MS, -HOUR_MS], ids=["behind", "ahead"])
def test_such_a_process_tells_the_same_of_what_is_due(place: Server, behind_ms: int) -> None:
    with open_at(place, behind_ms) as wrong, Store.open(place, clock=SystemClock(), executor=EXECUTOR) as right:
        right.tasks.submit(task())
        told, known = wrong.standing(), right.standing()
        assert (
            (told.due, told.due_since_ms) == (known.due, known.due_since_ms) == (1, right.tasks.due()[0].submitted_ms)
        )
        assert 0 <= known.at_ms - told.at_ms < HOUR_MS / 2
        right.tasks.defer(task().id, SystemClock().read().at_ms + 60_000)
        assert wrong.standing().due == 0
