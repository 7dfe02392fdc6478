"""Stores for the tests: each behaviour holds in a file and in memory."""

from __future__ import annotations

import multiprocessing
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from tests.fakes.clock import ManualClock
from tests.ledger.attack import Attack
from tests.ledger.processes import open_as_nobody
from tests.ledger.samples import EXECUTOR, decide, start, task, whole_run

from runbook_gate.ledger import Store
from runbook_gate.ledger.triggers import sqlite_triggers


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "ledger.db"


@pytest.fixture
def store(path: Path, clock: ManualClock) -> Iterator[Store]:
    """A store in a file."""
    with Store.open(path, clock=clock, executor=EXECUTOR, allow_unfit=True) as opened:
        yield opened


@pytest.fixture(params=["file", "memory"])
def any_store(request: pytest.FixtureRequest, path: Path, clock: ManualClock) -> Iterator[Store]:
    """A store in a file, then one in memory."""
    if request.param == "memory":
        made = Store.in_memory(clock=clock, executor=EXECUTOR)
    else:
        made = Store.open(path, clock=clock, executor=EXECUTOR, allow_unfit=True)
    with made:
        yield made


@pytest.fixture
def reopen(path: Path, clock: ManualClock) -> Iterator[Callable[[], Store]]:
    """Open the same file again, as another process would."""
    opened: list[Store] = []

    def open_again() -> Store:
        opened.append(Store.open(path, clock=clock, executor=EXECUTOR, allow_unfit=True, busy_ms=50))
        return opened[-1]

    yield open_again
    for made in opened:
        made.close()


@pytest.fixture
def attacker(path: Path, store: Store) -> Iterator[sqlite3.Connection]:
    """A plain connection to the store's file: no code of ours, no foreign keys."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        yield connection


@pytest.fixture
def as_nobody() -> Callable[[Path], str]:
    """Open a store in a process without rights, and say how it ended."""

    def run(path: Path) -> str:
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
            return pool.submit(open_as_nobody, path).result()

    return run


@pytest.fixture
def attack(store: Store, attacker: sqlite3.Connection, clock: ManualClock) -> Attack:
    """A store with a complete, an escalated and an active run, and its triggers gone."""
    complete = whole_run(store, 1, target="one")
    clock.advance(1)
    escalated = whole_run(store, 2, target="two", kind="escalated")
    clock.advance(1)
    active = start(store, 3, target="three")
    decide(store, active)
    decide(store, active, "cp1")
    store.pauses.pause("freeze", actor="leah")
    store.tasks.submit(task(4))
    store.tasks.submit(task(5))
    store.tasks.withdraw(task(5).id, actor="leah")
    assert store.verify().result == "chain consistent"
    for name in sqlite_triggers():
        attacker.execute(f"DROP TRIGGER {name}")
    return Attack(attacker, complete.run, escalated.run, active.run)
