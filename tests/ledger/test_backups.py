"""Backups are whole whoever writes meanwhile, and a restored store repeats no write."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.clock import ManualClock
from tests.ledger.migrations.stores import version_1
from tests.ledger.samples import EXECUTOR, decide, start, task, whole_run

from runbook_gate.errors import LedgerBroken, LedgerFault, LedgerUnwritable, UsageFault
from runbook_gate.ledger import Store, filesystems
from runbook_gate.ledger.backups import Copier
from runbook_gate.ledger.filesystems import FileSystem
from runbook_gate.ledger.restorations import REASON
from runbook_gate.ledger.triggers import sqlite_triggers


@pytest.fixture
def store(path: Path, clock: ManualClock) -> Iterator[Store]:
    """A store in a file; others are backed up by the means of their server."""
    with reopened(path, clock) as opened:
        yield opened


def copier(copied: Callable[[int, int], None] = lambda done, total: None) -> Copier:
    def shown(items: Iterable[Any], total: int, words: str) -> Iterable[Any]:
        return items

    return Copier(ManualClock(), EXECUTOR, copied, shown)


def reopened(path: Path, clock: ManualClock) -> Store:
    return Store.open(path, clock=clock, executor=EXECUTOR, allow_unfit=True)


def test_a_backup_is_one_file_that_only_its_owner_can_read(store: Store, path: Path, tmp_path: Path) -> None:
    whole_run(store)
    made = copier().back_up(path, tmp_path / "backup.sqlite")
    assert made.found.result == "chain consistent"
    assert [file.name for file in tmp_path.iterdir() if file.is_file()] == ["backup.sqlite"]
    assert (tmp_path / "backup.sqlite").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "backup.sqlite").stat().st_size == made.size


def test_a_backup_is_of_one_moment_while_an_executor_writes(
    store: Store, path: Path, tmp_path: Path, clock: ManualClock
) -> None:
    """A run is appended to between any two parts of the copy."""
    lease = start(store)
    for _ in range(200):
        store.evidence.put(os.urandom(50_000))
    before = len(store.runs.entries(lease.run))
    parts: list[int] = []

    def append(done: int, total: int) -> None:
        parts.append(done)
        decide(store, lease)

    made = copier(append).back_up(path, tmp_path / "backup.sqlite")
    assert len(parts) > 2
    assert made.found.result == "chain consistent"
    assert {chain.chain: chain.entries for chain in made.found.chains}[lease.run] == before
    assert len(store.runs.entries(lease.run)) == before + 2 * len(parts)
    assert store.verify().consistent


@pytest.mark.parametrize("name", ["backup.sqlite", "backup.sqlite-wal"])
def test_nothing_is_overwritten(store: Store, path: Path, tmp_path: Path, name: str) -> None:
    whole_run(store)
    (tmp_path / name).write_bytes(b"mine")
    with pytest.raises(UsageFault, match="is there already"):
        copier().back_up(path, tmp_path / "backup.sqlite")
    assert (tmp_path / name).read_bytes() == b"mine"
    with pytest.raises(UsageFault, match="is there already"):
        copier().restore(path, tmp_path / "backup.sqlite", actor="leah", allow_unfit=True)


def test_a_file_that_comes_to_be_meanwhile_is_not_overwritten(store: Store, path: Path, tmp_path: Path) -> None:
    whole_run(store)
    target = tmp_path / "backup.sqlite"

    def make(done: int, total: int) -> None:
        target.write_bytes(b"mine")

    with pytest.raises(UsageFault, match="is there already"):
        copier(make).back_up(path, target)
    assert [file.name for file in tmp_path.iterdir() if file.is_file()] == ["backup.sqlite"]
    assert target.read_bytes() == b"mine"


def alter(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for name in sqlite_triggers():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("UPDATE entries SET data = replace(data, 'gather', 'father') WHERE seq = 2")
        for statement in sqlite_triggers().values():
            connection.execute(statement)


def test_a_store_that_is_not_consistent_has_no_backup_and_is_none(store: Store, path: Path, tmp_path: Path) -> None:
    whole_run(store)
    copier().back_up(path, tmp_path / "good.sqlite")
    for file in (path, tmp_path / "good.sqlite"):
        alter(file)
    with pytest.raises(LedgerBroken, match="chain broken"):
        copier().back_up(path, tmp_path / "backup.sqlite")
    with pytest.raises(LedgerBroken, match="chain broken"):
        copier().restore(tmp_path / "good.sqlite", tmp_path / "new.sqlite", actor="leah", allow_unfit=True)
    assert [file.name for file in tmp_path.iterdir() if file.is_file()] == ["good.sqlite"]


def test_a_folder_that_is_not_there(store: Store, path: Path, tmp_path: Path) -> None:
    with pytest.raises(LedgerUnwritable, match="cannot be written: No such file"):
        copier().back_up(path, tmp_path / "nowhere" / "backup.sqlite")


def test_what_is_no_backup_is_not_restored(tmp_path: Path) -> None:
    (tmp_path / "text").write_bytes(b"no database, " * 500)
    with closing(sqlite3.connect(tmp_path / "other")) as connection:
        connection.execute("CREATE TABLE cats (name)")
    for name in ("text", "other", "missing"):
        with pytest.raises(LedgerFault):
            copier().restore(tmp_path / name, tmp_path / "new.sqlite", actor="leah", allow_unfit=True)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["other", "text"]


def test_a_restored_store_says_so_and_stops_what_was_submitted_before(
    store: Store, path: Path, tmp_path: Path, clock: ManualClock
) -> None:
    whole_run(store, 1, target="one")
    lease = start(store, 2, target="two")
    store.tasks.submit(task(3))
    backup, new = tmp_path / "backup.sqlite", tmp_path / "new.sqlite"
    copier().back_up(path, backup)
    restored = copier().restore(backup, new, actor="leah", allow_unfit=True)
    assert restored.tasks == [task(2).id, task(3).id]
    assert new.stat().st_mode & 0o777 == 0o600
    with reopened(new, clock) as made:
        assert made.verify().consistent
        [entry] = made.reading.journal(["restored"])
        assert (entry.actor, entry.body["backup_sha256"]) == ("leah", restored.backup_sha256)
        after = start(made, 4, target="four")
        paused = {run: made.facts(target, run=run).paused for target, run in [("two", lease.run), ("four", after.run)]}
        assert (paused[after.run], made.pauses.current()) == (None, None)
        assert (denied := paused[lease.run])
        assert (denied.actor, denied.reason) == ("leah", REASON)
        made.pauses.unpause(actor="leah")
        assert made.facts("two", run=lease.run).paused == denied
    with store:
        assert store.facts("two", run=lease.run).paused is None


def test_a_backup_of_an_older_release_is_upgraded(tmp_path: Path, clock: ManualClock) -> None:
    restored = copier().restore(
        version_1(tmp_path / "old.sqlite").place, tmp_path / "new.sqlite", actor="leah", allow_unfit=True
    )
    assert restored.tasks == ["open", "queued"]
    with reopened(tmp_path / "new.sqlite", clock) as made:
        assert made.verify().result == "chain consistent"


def test_a_store_is_restored_to_a_fit_place_only(
    store: Store, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copier().back_up(path, tmp_path / "backup.sqlite")
    monkeypatch.setattr(filesystems, "filesystem_kind", lambda _: FileSystem("nfs4", "locks cannot be relied on"))
    with pytest.raises(LedgerUnwritable, match="lies on nfs4"):
        copier().restore(tmp_path / "backup.sqlite", tmp_path / "new.sqlite", actor="leah")
    assert not (tmp_path / "new.sqlite").exists()
