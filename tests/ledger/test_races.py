"""Several processes on one store."""

from __future__ import annotations

import multiprocessing
import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests.ledger import processes
from tests.ledger.samples import start
from tests.postgresql.databases import DATABASES

from runbook_gate.errors import LeaseLost
from runbook_gate.ledger import Draft, Server

WORKERS = 4
START = 0.5
Race = Callable[..., list[Any]]


@pytest.fixture(scope="module")
def pool() -> Iterator[ProcessPoolExecutor]:
    with ProcessPoolExecutor(WORKERS, mp_context=multiprocessing.get_context("spawn")) as workers:
        list(workers.map(processes.wait_until, [time.time() + 2] * WORKERS))  # all are up before the first race
        yield workers


@pytest.fixture
def race(pool: ProcessPoolExecutor, place: Path | Server) -> Race:
    """Run a function in every process at the same moment, each with its own arguments."""

    def run(function: Callable[..., Any], *arguments: tuple[Any, ...]) -> list[Any]:
        moment = time.time() + START
        started = [pool.submit(function, place, moment, *each) for each in arguments]
        return [each.result() for each in started]

    return run


@pytest.mark.parametrize("place", ["file"], indirect=True)
def test_a_new_store_is_made_once(race: Race, path: Path) -> None:
    for attempt in range(5):
        for leftover in path.parent.glob("*"):
            leftover.unlink()
        assert len(set(race(processes.create, *[()] * WORKERS))) == 1, attempt


def test_a_new_store_on_a_server_is_made_once(pool: ProcessPoolExecutor) -> None:
    place, moment = DATABASES.empty(), time.time() + START
    made = [pool.submit(processes.create, place, moment) for _ in range(WORKERS)]
    assert len({one.result() for one in made}) == 1


def test_one_run_per_task(race: Race, place: Path | Server) -> None:
    processes.open_here(place).close()
    for number in range(1, 6):
        runs = race(processes.submit_and_open, *[(number, f"target/{number}")] * WORKERS)
        assert len([run for run in runs if run]) == 1
    with processes.open_here(place) as store:
        assert len(store.runs.list()) == len(store.tasks.list()) == 5
        assert store.verify().consistent


def test_one_active_run_per_target(race: Race, place: Path | Server) -> None:
    processes.open_here(place).close()
    runs = race(processes.submit_and_open, *[(number, "target") for number in range(1, WORKERS + 1)])
    assert len([run for run in runs if run]) == 1
    with processes.open_here(place) as store:
        assert [len(store.tasks.list(state)) for state in ("active", "queued")] == [1, WORKERS - 1]


def test_a_free_run_goes_to_one(race: Race, place: Path | Server) -> None:
    with processes.open_here(place) as store:
        lease = start(store)
        store.leases.release(lease)
    numbers = race(processes.acquire, *[(lease.run,)] * WORKERS)
    assert sorted(number for number in numbers if number) == [2]


def test_processes_that_take_a_run_from_each_other(race: Race, place: Path | Server) -> None:
    """Leases that expire at once: each append still belongs to the newest holder, and none is lost."""
    with processes.open_here(place) as store:
        lease = start(store)
        store.leases.release(lease)
    appended = race(processes.append_while_it_lasts, *[(lease.run, 1.5)] * WORKERS)
    with processes.open_here(place) as store:
        entries = store.runs.entries(lease.run)
    assert len(entries) == 1 + sum(appended)
    assert len([count for count in appended if count]) > 1
    numbers = [entry.lease for entry in entries]
    assert numbers == sorted(numbers)
    assert all(entry.body["lease"] == entry.lease for entry in entries[1:])
    assert len({(entry.lease, entry.body["by"]) for entry in entries[1:]}) == len(set(numbers[1:]))


def test_the_stores_own_chain_has_one_writer_at_a_time(race: Race, place: Path | Server) -> None:
    processes.open_here(place).close()
    race(processes.submit_many, *[(1 + 40 * worker, 40) for worker in range(WORKERS)])
    with processes.open_here(place) as store:
        assert store.verify().chains[-1].entries == 40 * WORKERS
        assert store.verify().consistent
        assert store.evidence.get(store.evidence.put(b"shared")) == b"shared"


def test_what_was_appended_survives_the_process(place: Path | Server) -> None:
    with processes.open_here(place) as store:
        lease = start(store)
    child = multiprocessing.get_context("spawn").Process(target=processes.append_and_die, args=(place, lease))
    child.start()
    child.join(30)
    assert child.exitcode == -9
    with processes.open_here(place) as store:
        assert [entry.body.get("durable") for entry in store.runs.entries(lease.run)] == [None, True]
        assert store.runs.append(lease, Draft("observation", {})).seq == 3
        assert store.verify().consistent


def test_readers_see_one_state_while_others_write(place: Path | Server) -> None:
    with processes.open_here(place) as store, processes.open_here(place) as other:
        lease = start(store)
        with store.runs.batch(lease) as batch:
            batch.append(Draft("observation", {}))
            assert len(other.runs.entries(lease.run)) == 1
        assert len(other.runs.entries(lease.run)) == 2


def test_a_stopped_process_cannot_append_after_a_takeover(place: Path | Server) -> None:
    with processes.open_here(place) as stopped, processes.open_here(place) as other:
        lease = stopped.leases.renew(start(stopped), ttl_s=0)
        assert other.leases.acquire(lease.run, "other").number == 2
        with pytest.raises(LeaseLost):
            stopped.runs.append(lease, Draft("observation", {}))


def test_a_reader_never_keeps_a_writer_waiting(path: Path) -> None:
    with processes.open_here(path) as store, closing(sqlite3.connect(path, isolation_level=None)) as reader:
        lease = start(store)
        reader.execute("BEGIN")
        assert reader.execute("SELECT count(*) FROM entries").fetchone() == (1,)
        began = time.monotonic()
        store.runs.append(lease, Draft("observation", {}))
        assert time.monotonic() - began < 2
        assert reader.execute("SELECT count(*) FROM entries").fetchone() == (1,)
        reader.execute("COMMIT")
