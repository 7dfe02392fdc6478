"""Stores for the tests: each behaviour holds in a file, in memory and on a server."""

from __future__ import annotations

import multiprocessing
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from tests.fakes.clock import ManualClock
from tests.ledger.attack import Attack, Attacker, ServerAttacker
from tests.ledger.processes import open_as_nobody
from tests.ledger.samples import EXECUTOR, decide, start, task, whole_run
from tests.postgresql.databases import DATABASES, go_by

from runbook_gate.ledger import Server, Store
from runbook_gate.ledger.triggers import triggers

_NO_SUCH_VALUE = ("text_for_", "AS TEXT", "data = 'other'")  # what the types of PostgreSQL's columns rule out
_EACH = 5


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Of the attacks on a server, which each take a database, only --whole plays all."""
    attacks = [item for item in items if item.path.name.startswith("test_attack") and "server" in item.name]
    impossible = {item for item in attacks if any(value in item.name for value in _NO_SUCH_VALUE)}
    items[:] = [item for item in items if item not in impossible]
    for number, item in enumerate(one for one in attacks if one not in impossible):
        if number % _EACH:
            item.add_marker("whole")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "ledger.db"


@pytest.fixture
def file_store(path: Path, clock: ManualClock) -> Iterator[Store]:
    """A store in a file."""
    with Store.open(path, clock=clock, executor=EXECUTOR, allow_unfit=True) as opened:
        yield opened


@pytest.fixture(params=["file", "server"])
def place(request: pytest.FixtureRequest, path: Path) -> Path | Server:
    """A file that is not there yet, then a database with an empty store."""
    return path if request.param == "file" else DATABASES.fresh()


@pytest.fixture
def store(place: Path | Server, clock: ManualClock) -> Iterator[Store]:
    """A store in a file, then one on a server."""
    with opened(place, clock) as made:
        yield made


@pytest.fixture(params=["file", "memory", "server"])
def any_store(request: pytest.FixtureRequest, path: Path, clock: ManualClock) -> Iterator[Store]:
    """A store in a file, then one in memory, then one on a server."""
    if request.param == "memory":
        made = Store.in_memory(clock=clock, executor=EXECUTOR)
    else:
        made = opened(path if request.param == "file" else DATABASES.fresh(), clock)
    with made:
        yield made


def opened(place: Path | Server, clock: ManualClock, busy_ms: int = 5000) -> Store:
    store = Store.open(place, clock=clock, executor=EXECUTOR, allow_unfit=True, busy_ms=busy_ms)
    return go_by(store, clock) if isinstance(place, Server) else store


@pytest.fixture
def reopen(place: Path | Server, clock: ManualClock) -> Iterator[Callable[[], Store]]:
    """Open the same store again, as another process would."""
    made: list[Store] = []

    def open_again() -> Store:
        made.append(opened(place, clock, busy_ms=50))
        return made[-1]

    yield open_again
    for one in made:
        one.close()


@pytest.fixture
def attacker(place: Path | Server, store: Store) -> Iterator[Attacker]:
    """A plain connection to the store: no code of ours."""
    if isinstance(place, Server):
        with DATABASES.server.connect(place.url.dbname) as server:
            yield ServerAttacker(server)
        return
    with closing(sqlite3.connect(place, isolation_level=None)) as connection:
        yield connection


@pytest.fixture
def as_nobody() -> Callable[[Path], str]:
    """Open a store in a process without rights, and say how it ended."""

    def run(path: Path) -> str:
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
            return pool.submit(open_as_nobody, path).result()

    return run


@pytest.fixture
def attack(store: Store, attacker: sqlite3.Connection | ServerAttacker, clock: ManualClock) -> Attack:
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
    if isinstance(attacker, ServerAttacker):
        attacker.forget_foreign_keys()
    for name in triggers("postgresql" if isinstance(attacker, ServerAttacker) else "sqlite"):
        attacker.execute(f"DROP TRIGGER {name}")
    return Attack(attacker, complete.run, escalated.run, active.run)
