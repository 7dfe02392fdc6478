"""Every error of the database becomes an error of the ledger, without statement or value."""

from __future__ import annotations

import multiprocessing
import os
import resource
import sqlite3
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Pool, event, exc
from tests.fakes.clock import ManualClock
from tests.ledger.samples import EXECUTOR, start, whole_run

from runbook_gate.errors import LedgerBroken, LedgerFault, LedgerUnwritable, Stopped
from runbook_gate.ledger import Draft, Lease, Store
from runbook_gate.ledger.faults import mapped

VALUE = "hunter2" * 1000
SECRET = Draft("observation", {"token": VALUE})

MAPPINGS: list[tuple[str, type[LedgerFault], str]] = [
    ("SQLITE_FULL", LedgerUnwritable, "the disk is full"),
    ("SQLITE_READONLY_DBMOVED", LedgerUnwritable, "the store is read-only"),
    ("SQLITE_PERM", LedgerUnwritable, "may not be opened"),
    ("SQLITE_AUTH", LedgerUnwritable, "may not be opened"),
    ("SQLITE_CANTOPEN_ISDIR", LedgerUnwritable, "cannot be opened"),
    ("SQLITE_IOERR_FSYNC", LedgerUnwritable, "the disk reports an error"),
    ("SQLITE_BUSY_SNAPSHOT", LedgerUnwritable, "another process keeps the store locked"),
    ("SQLITE_LOCKED", LedgerUnwritable, "another process keeps the store locked"),
    ("SQLITE_PROTOCOL", LedgerUnwritable, "another process keeps the store locked"),
    ("SQLITE_NOMEM", LedgerUnwritable, "memory ran out"),
    ("SQLITE_TOOBIG", LedgerUnwritable, "a record is too large"),
    ("SQLITE_INTERRUPT", LedgerUnwritable, "interrupted"),
    ("SQLITE_CORRUPT_VTAB", LedgerBroken, "the database file is damaged"),
    ("SQLITE_NOTADB", LedgerBroken, "the file is not a database"),
    ("SQLITE_CONSTRAINT_CHECK", LedgerBroken, "a rule of the database refused a change"),
    ("SQLITE_CONSTRAINT_TRIGGER", LedgerBroken, "append-only"),
    ("SQLITE_SCHEMA", LedgerUnwritable, "the store failed"),
    ("SQLITE_ERROR", LedgerUnwritable, "the store failed"),
]


def sqlite_error(name: str) -> sqlite3.Error:
    error = sqlite3.OperationalError("hunter2")
    error.sqlite_errorcode = getattr(sqlite3, name)
    error.sqlite_errorname = name
    return error


@pytest.mark.parametrize(("name", "fault", "words"), MAPPINGS, ids=[name for name, _, _ in MAPPINGS])
@pytest.mark.parametrize("wrapped", [False, True])
def test_mapping(name: str, fault: type[LedgerFault], words: str, wrapped: bool) -> None:
    error: Exception = sqlite_error(name)
    if wrapped:
        error = exc.OperationalError("SELECT hunter2", {"token": "hunter2"}, error)
    with pytest.raises(fault, match=words) as mapped_to, mapped():
        raise error
    assert type(mapped_to.value) is fault
    assert mapped_to.value.exit_status == 13
    assert name in str(mapped_to.value)
    assert "hunter2" not in "".join(traceback.format_exception(mapped_to.value))


def _all(base: type[Exception]) -> Iterator[type[Exception]]:
    for below in base.__subclasses__():
        yield below
        yield from _all(below)


@pytest.mark.parametrize("kind", sorted({*_all(sqlite3.Error), sqlite3.Error}, key=str), ids=str)
def test_every_error_of_the_driver_is_mapped(kind: type[Exception]) -> None:
    with pytest.raises(LedgerFault), mapped():
        raise kind("hunter2")


@pytest.mark.parametrize("kind", sorted({*_all(exc.SQLAlchemyError)}, key=str), ids=str)
def test_every_error_of_sqlalchemy_is_mapped(kind: type[Exception]) -> None:
    error = kind.__new__(kind)
    if isinstance(error, exc.DBAPIError):
        error.orig = sqlite_error("SQLITE_FULL")
    with pytest.raises(LedgerFault, match=r"the store failed|the disk is full"), mapped():
        raise error


def test_other_errors_are_left_alone() -> None:
    with pytest.raises(ZeroDivisionError), mapped():
        raise ZeroDivisionError


def pool_of(store: Store) -> Pool:
    return store._database._reader.pool


@contextmanager
def pragma(store: Store, statement: str) -> Iterator[None]:
    """Give every connection of the store a pragma."""

    def checked_out(connection: sqlite3.Connection, _record: object, _proxy: object) -> None:
        connection.execute(statement)

    event.listen(pool_of(store), "checkout", checked_out)
    yield
    event.remove(pool_of(store), "checkout", checked_out)
    store.close()  # forget the connections that have it


@contextmanager
def disk_full(store: Store, path: Path) -> Iterator[None]:
    with pragma(store, "PRAGMA max_page_count = 1"):
        yield


@contextmanager
def read_only(store: Store, path: Path) -> Iterator[None]:
    with pragma(store, "PRAGMA query_only = ON"):
        yield


@contextmanager
def locked(store: Store, path: Path) -> Iterator[None]:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


@contextmanager
def removed(store: Store, path: Path) -> Iterator[None]:
    aside = path.with_suffix(".aside")
    path.rename(aside)
    yield
    aside.rename(path)


@contextmanager
def beside_removed(store: Store, path: Path, ending: str) -> Iterator[None]:
    beside = path.with_name(path.name + ending)
    aside = beside.with_suffix(".aside")
    beside.rename(aside)
    yield
    aside.rename(beside)


@contextmanager
def log_removed(store: Store, path: Path) -> Iterator[None]:
    with beside_removed(store, path, "-wal"):
        yield


@contextmanager
def index_removed(store: Store, path: Path) -> Iterator[None]:
    with beside_removed(store, path, "-shm"):
        yield


@contextmanager
def exchanged(store: Store, path: Path) -> Iterator[None]:
    aside = path.with_suffix(".aside")
    path.rename(aside)
    path.write_bytes(aside.read_bytes())
    yield
    aside.rename(path)


CONDITIONS: list[tuple[Callable[[Store, Path], AbstractContextManager[None]], str]] = [
    (disk_full, "the disk is full"),
    (read_only, "the store is read-only"),
    (locked, "another process keeps the store locked"),
    (removed, "was moved or removed"),
    (log_removed, "-wal was moved or removed"),
    (index_removed, "-shm was moved or removed"),
    (exchanged, "was moved or removed"),
]


@pytest.mark.parametrize(("condition", "words"), CONDITIONS, ids=[c.__name__ for c, _ in CONDITIONS])
def test_nothing_is_recorded_while_it_lasts(
    path: Path, clock: ManualClock, condition: Callable[[Store, Path], AbstractContextManager[None]], words: str
) -> None:
    with Store.open(path, clock=clock, executor=EXECUTOR, allow_unfit=True, busy_ms=50) as store:
        lease = start(store)
        with condition(store, path):
            for write in (
                lambda: store.runs.append(lease, SECRET),
                lambda: store.evidence.put(VALUE.encode()),
                lambda: store.pauses.pause(VALUE, actor="leah"),
            ):
                with pytest.raises(LedgerUnwritable, match=words) as refused:
                    write()
                assert str(refused.value).startswith(str(path))
                assert "start the same command again" in refused.value.advice
                assert "hunter2" not in "".join(traceback.format_exception(refused.value))
        assert store.runs.append(lease, Draft("observation", {})).seq == 2
        assert store.pauses.current() is None
        assert store.verify().consistent


def test_who_was_asked_to_stop_waits_for_nobody(path: Path, clock: ManualClock) -> None:
    with Store.open(path, clock=clock, executor=EXECUTOR, allow_unfit=True, busy_ms=3_600_000) as store:
        lease = start(store)
        store.heed(lambda: True)
        with locked(store, path), pytest.raises(Stopped, match="locked"):
            store.runs.append(lease, SECRET)
        assert store.runs.append(lease, Draft("observation", {})).seq == 2  # its turn: an append is never given up


def test_whoever_waits_for_its_turn_writes_when_it_comes(path: Path, clock: ManualClock) -> None:
    with Store.open(path, clock=clock, executor=EXECUTOR, allow_unfit=True, busy_ms=60_000) as store:
        lease = start(store)
        waited = list[None]()
        with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
            other.execute("BEGIN IMMEDIATE")

            def ends_after_some_tries() -> bool:
                waited.append(None)
                if len(waited) == 3:
                    other.execute("ROLLBACK")
                return False

            store.heed(ends_after_some_tries)
            assert store.runs.append(lease, Draft("observation", {})).seq == 2
    assert len(waited) == 3


def damage(path: Path, offset: int, data: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(data)


def test_a_torn_page_is_a_broken_ledger(path: Path, clock: ManualClock) -> None:
    with Store.open(path, clock=clock, executor=EXECUTOR, allow_unfit=True) as store:
        finished = whole_run(store)
    size = path.stat().st_size
    for page in range(4096, size, 4096):
        damage(path, page, os.urandom(2048))
    with pytest.raises(LedgerBroken, match="damaged"):  # noqa: SIM117 - opening or reading, whichever sees it
        with Store.open(path, clock=clock, executor=EXECUTOR, allow_unfit=True) as store:
            store.runs.entries(finished.run)


def test_a_file_that_is_no_database(path: Path, clock: ManualClock) -> None:
    path.parent.mkdir()
    path.write_bytes(VALUE.encode())
    with pytest.raises(LedgerBroken, match="not a database") as refused:
        Store.open(path, clock=clock, executor=EXECUTOR, allow_unfit=True)
    assert "hunter2" not in str(refused.value)


def grow_under_a_limit(path: Path) -> str:
    """In a process of its own: the file system refuses to let any file grow."""
    with Store.open(path, clock=ManualClock(), executor=EXECUTOR, allow_unfit=True) as store:
        lease: Lease = start(store)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
        try:
            store.runs.append(lease, SECRET)
        except LedgerUnwritable as refused:
            resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            return f"{refused}; then {store.runs.append(lease, Draft('observation', {})).seq}"
    return "nothing happened"


def test_a_write_that_the_file_system_refuses(path: Path) -> None:
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        answer = pool.submit(grow_under_a_limit, path).result()
    assert answer in (
        f"{path}: the disk reports an error (SQLITE_IOERR_WRITE); then 2",
        f"{path}: the disk is full (SQLITE_FULL); then 2",
    )
