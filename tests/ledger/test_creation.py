"""Making and opening a store."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from tests.fakes.clock import ManualClock
from tests.ledger.samples import EXECUTOR, start, task

from runbook_gate.clock import SystemClock
from runbook_gate.errors import LedgerFault, LedgerUnwritable, UnknownRecord
from runbook_gate.ledger import Draft, Store, filesystems
from runbook_gate.ledger.filesystems import FileSystem


def open_store(path: Path, *, read_only: bool = False, allow_unfit: bool = True) -> Store:
    return Store.open(
        path, clock=ManualClock(), executor=EXECUTOR, read_only=read_only, allow_unfit=allow_unfit, busy_ms=50
    )


def test_only_the_owner_can_read_a_new_store(path: Path) -> None:
    old = os.umask(0)
    try:
        with open_store(path) as store:
            store.tasks.submit(task())
            modes = {item.name: item.stat().st_mode & 0o777 for item in [path.parent, *path.parent.iterdir()]}
    finally:
        os.umask(old)
    assert modes.pop(path.parent.name) == 0o700
    assert modes
    assert set(modes.values()) == {0o600}


def test_an_empty_store_is_consistent(any_store: Store) -> None:
    found = any_store.verify()
    assert (found.result, [chain.chain for chain in found.chains]) == ("chain consistent", ["store"])
    assert (any_store.tasks.due(), any_store.runs.list(), any_store.escalations.list()) == ([], [], [])


def test_an_existing_folder_is_left_as_it_is(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    with open_store(tmp_path / "ledger.db"):
        assert tmp_path.stat().st_mode & 0o777 == 0o755


def test_durability_is_asked_for(path: Path) -> None:
    with open_store(path) as store, store._database.write() as connection:
        settings = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in (
                "journal_mode",
                "synchronous",
                "foreign_keys",
                "busy_timeout",
                "recursive_triggers",
                "trusted_schema",
            )
        }
    assert settings == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 50,
        "recursive_triggers": 1,
        "trusted_schema": 0,
    }


@pytest.mark.parametrize(("busy_ms", "opens"), [(50, False), (20_000, True)])
def test_a_file_that_another_process_is_making_is_waited_for(tmp_path: Path, busy_ms: int, opens: bool) -> None:
    path = tmp_path / "ledger.db"
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN EXCLUSIVE")
        release = threading.Timer(0.5, other.execute, ["ROLLBACK"])
        release.start()
        outcome = contextlib.nullcontext() if opens else pytest.raises(LedgerUnwritable, match="locked")
        with outcome:
            Store.open(path, clock=ManualClock(), executor=EXECUTOR, allow_unfit=True, busy_ms=busy_ms).close()
        release.join()


@pytest.mark.parametrize(("version", "mend"), [(0, "runbook-gate db upgrade"), (99, "or a newer one")])
def test_a_store_of_another_version_is_refused(path: Path, version: int, mend: str) -> None:
    open_store(path).close()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("DROP TRIGGER store_no_update")
        connection.execute("UPDATE store SET version = ?", [version])
    for read_only in (False, True):
        with pytest.raises(LedgerFault, match=f"version {version} of the tables, this program needs") as refused:
            open_store(path, read_only=read_only)
        assert mend in refused.value.advice


def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE things (id)")
    for read_only in (False, True):
        with pytest.raises(LedgerFault, match="not a store of runbook-gate"):
            open_store(path, read_only=read_only)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("things",)]


@pytest.mark.parametrize("name", ["with space.db", "per%20cent.db", "question?mark=1&x.db", "hash#1.db", "\u00e4.db"])
def test_odd_file_names(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    with open_store(path) as store:
        run = start(store).run
    assert path.exists()
    with open_store(path) as store:
        assert store.runs.status(run).seq == 1


def test_a_relative_path_stays_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with open_store(Path("ledger.db")) as store:
        monkeypatch.chdir("/")
        assert start(store).number == 1
    assert (tmp_path / "ledger.db").exists()


def test_places_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    for path in (tmp_path, tmp_path / "file" / "ledger.db", Path("/proc/ledger.db"), tmp_path / ("x" * 300)):
        with pytest.raises(LedgerUnwritable, match="cannot be made or written"):
            open_store(path)


def test_an_unfit_file_system_is_refused_unless_allowed(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filesystems, "filesystem_kind", lambda _: FileSystem("nfs4", "locks cannot be relied on"))
    with pytest.raises(LedgerUnwritable, match=r"lies on nfs4: locks") as refused:
        open_store(path, allow_unfit=False)
    assert refused.value.advice == "Keep the store on a local disk."
    assert not path.parent.exists()
    open_store(path).close()


def test_read_only_looks_and_changes_nothing(path: Path) -> None:
    with open_store(path) as store:
        lease = start(store)
        with open_store(path, read_only=True) as looking:
            assert looking.runs.entries(lease.run) == store.runs.entries(lease.run)
            assert looking.verify().consistent
            with pytest.raises(LedgerUnwritable, match="read-only"):
                looking.runs.append(lease, Draft("observation", {}))
            with pytest.raises(UnknownRecord):
                looking.evidence.get("0" * 64)


def test_read_only_makes_nothing(path: Path) -> None:
    with pytest.raises(LedgerUnwritable, match="cannot be opened"):
        open_store(path, read_only=True)
    assert not path.parent.exists()


def test_a_file_that_one_may_not_write(path: Path, as_nobody: Callable[..., str]) -> None:
    """Tried as a user without rights, since root may write everything."""
    open_store(path).close()
    for folder in [path.parent, *path.parents[1:3]]:
        folder.chmod(0o755)
    path.chmod(0o444)
    assert as_nobody(path) == f"LedgerUnwritable: {path} cannot be made or written: Permission denied"


def test_the_system_clock_stamps_entries(path: Path) -> None:
    with Store.open(path, clock=SystemClock(), executor=EXECUTOR, allow_unfit=True) as store:
        entry = store.runs.entries(start(store).run)[0]
    assert entry.boot_id == Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
