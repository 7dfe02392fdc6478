"""Real causes, in the middle of a run: at the write, and at a read before and after it."""

from __future__ import annotations

import multiprocessing
import resource
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from sqlalchemy import event
from tests.fakes.cluster import Fault
from tests.fakes.runs import LittleWorld
from tests.promise import broken

from runbook_gate.cluster.calls import DRY_RUN, Call
from runbook_gate.errors import LedgerBroken, LedgerUnwritable
from runbook_gate.gate.bundle import Bundle
from runbook_gate.ledger import Store
from runbook_gate.stores import program

LEASE_MS = 61_000
MOMENTS: dict[str, Callable[[Call], bool]] = {
    "first read": lambda call: call.method == "GET",
    "dry run": lambda call: call.method == "PATCH" and DRY_RUN in call.query,
    "write": lambda call: call.method == "PATCH" and DRY_RUN not in call.query,
    "first probe": lambda call: call.path_params.get("resource") == "pods",
}


def open_store(world: LittleWorld) -> Store:
    """The world's store, with little patience for locks."""
    return Store.open(world.settings.store_file, clock=world.clock, executor=program(world.settings), busy_ms=50)


@contextmanager
def locked(_: Store, path: Path) -> Iterator[None]:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


@contextmanager
def full(store: Store, _: Path) -> Iterator[None]:
    with every_connection(store, "PRAGMA max_page_count = 1"):
        yield


@contextmanager
def read_only(store: Store, _: Path) -> Iterator[None]:
    with every_connection(store, "PRAGMA query_only = ON"):
        yield


@contextmanager
def every_connection(store: Store, statement: str) -> Iterator[None]:
    def checked_out(connection: sqlite3.Connection, _record: object, _proxy: object) -> None:
        connection.execute(statement)

    pool = store._database._reader.pool
    event.listen(pool, "checkout", checked_out)
    try:
        yield
    finally:
        event.remove(pool, "checkout", checked_out)


@contextmanager
def moved(path: Path) -> Iterator[None]:
    aside = path.with_name(path.name + ".aside")
    path.rename(aside)
    yield
    aside.rename(path)


@contextmanager
def file_moved(_: Store, path: Path) -> Iterator[None]:
    with moved(path):
        yield


@contextmanager
def folder_moved(_: Store, path: Path) -> Iterator[None]:
    with moved(path.parent):
        yield


@contextmanager
def log_moved(_: Store, path: Path) -> Iterator[None]:
    with moved(path.with_name(path.name + "-wal")):
        yield


CAUSES: dict[str, tuple[Callable[[Store, Path], AbstractContextManager[None]], str]] = {
    "the disk is full": (full, "the disk is full"),
    "read-only": (read_only, "the store is read-only"),
    "locked by another process": (locked, "another process keeps the store locked"),
    "moved away": (file_moved, "was moved or removed while it was open"),
    "moved away with its folder": (folder_moved, "was moved or removed while it was open"),
    "its log moved away": (log_moved, "-wal was moved or removed while it was open"),
}


@pytest.fixture
def world(world: LittleWorld) -> LittleWorld:
    """With the store in a folder of its own."""
    folder = world.folder / "state"
    folder.mkdir()
    world.file().rename(folder / "ledger.sqlite")
    world.settings = world.settings.model_copy(update={"store": folder / "ledger.sqlite"})
    return world


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("cause", CAUSES)
def test_a_store_that_fails_in_the_middle_of_a_run(world: LittleWorld, cause: str, moment: str) -> None:
    begin, words = CAUSES[cause]
    with open_store(world) as store, ExitStack() as lasting:
        strikes(world, moment, lambda: lasting.enter_context(begin(store, world.settings.store_file)))
        with pytest.raises(LedgerUnwritable, match=words) as told:
            world.session(store, "task-1").run_task("task-1")
        assert str(world.settings.store_file.parent) in str(told.value)
        assert "start the same command again" in told.value.advice
    assert len(real_writes(world)) == (moment in {"write", "first probe"})
    world.clock.advance(LEASE_MS)
    assert world.run("task-1").outcome == "complete"
    with world.open() as store:
        assert broken(store, [*world.server.created, *world.server.audit]) == []


def strikes(world: LittleWorld, moment: str, begin: Callable[[], None]) -> None:
    """Let something happen just before the first request of a kind."""
    begun = list[Call]()

    def fault(call: Call) -> Fault | None:
        if not begun and MOMENTS[moment](call):
            begun.append(call)
            begin()
        return None

    world.fault = fault


def real_writes(world: LittleWorld) -> list[dict[str, Any]]:
    return [one for one in world.server.audit if one["verb"] == "patch" and "dryRun=All" not in one["requestURI"]]


def test_a_damaged_page_ends_the_run_at_its_next_start(world: LittleWorld) -> None:
    """Of a store that another process opens, nothing is believed and nothing done."""
    with world.open() as store, ExitStack() as lasting:
        strikes(world, "write", lambda: lasting.enter_context(full(store, world.settings.store_file)))
        with pytest.raises(LedgerUnwritable):
            world.session(store, "task-1").run_task("task-1")
    path, requests = world.settings.store_file, len(world.server.audit)
    pristine = path.read_bytes()
    damaged = bytearray(pristine)
    for page in range(4096, len(damaged), 4096):
        damaged[page : page + 2048] = b"\xa5" * 2048
    path.write_bytes(damaged)
    world.fault = lambda call: None
    world.clock.advance(LEASE_MS)
    with pytest.raises(LedgerBroken, match="the database file is damaged") as told:
        world.run("task-1")
    assert str(path) in str(told.value)
    assert "backup" in told.value.advice
    assert len(world.server.audit) == requests
    path.write_bytes(pristine)
    assert world.run("task-1").outcome == "complete"
    with world.open() as store:
        assert broken(store, [*world.server.created, *world.server.audit]) == []


def run_under_a_limit(folder: Path, bundle: Path, socket: str) -> tuple[str, str, list[str]]:
    """In a process of its own: from the write on the kernel lets no file grow, then again."""
    sidecar = SimpleNamespace(address=SimpleNamespace(socket=socket))
    world = LittleWorld(folder, Bundle.parse(bundle.read_bytes(), source="test"), cast("Any", sidecar))
    world.submit("task-1", "payments-one")
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fault(call: Call) -> Fault | None:
        if MOMENTS["write"](call):
            resource.setrlimit(resource.RLIMIT_FSIZE, (4096, unlimited[1]))
        return None

    world.fault, told = fault, "nothing happened"
    try:
        world.run("task-1")
    except LedgerUnwritable as refused:
        told = str(refused)
    resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
    world.fault = lambda call: None
    world.clock.advance(LEASE_MS)
    outcome = world.run("task-1").outcome
    with world.open() as store:
        return told, outcome, broken(store, [*world.server.created, *world.server.audit])


def test_a_file_that_may_not_grow(world: LittleWorld, tmp_path: Path) -> None:
    folder = tmp_path / "limited"
    folder.mkdir()
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        socket = str(world.settings.opa.socket)
        told, outcome, wrong = pool.submit(run_under_a_limit, folder, tmp_path / "bundle.tar.gz", socket).result()
    assert told.startswith(f"{folder / 'ledger.sqlite'}: the disk ")
    assert (outcome, wrong) == ("complete", [])
