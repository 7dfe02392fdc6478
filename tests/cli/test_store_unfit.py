"""A store that is unfit when a command starts: 13, what, where and how to mend it; nothing is asked or made."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from pathlib import Path

import pytest
from tests.cli.conftest import Call
from tests.fakes.runs import LittleWorld


def statement(text: str) -> Callable[[Path], AbstractContextManager[None]]:
    """Change the store once."""

    def change(path: Path) -> AbstractContextManager[None]:
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.executescript(text)
        return nullcontext()

    return change


def another_version(path: Path) -> AbstractContextManager[None]:
    return statement("DROP TRIGGER store_no_update; UPDATE store SET version = 99")(path)


def no_triggers(path: Path) -> AbstractContextManager[None]:
    return statement("DROP TRIGGER entries_no_delete")(path)


def another_program(path: Path) -> AbstractContextManager[None]:
    path.unlink()
    return statement("CREATE TABLE cats (name)")(path)


def no_database(path: Path) -> AbstractContextManager[None]:
    path.write_bytes(b"hunter2, " * 1000)
    return nullcontext()


def damaged(path: Path) -> AbstractContextManager[None]:
    data = bytearray(path.read_bytes())
    data[100:4096] = b"\xa5" * 3996  # the first page, which says where everything is
    path.write_bytes(data)
    return nullcontext()


def a_folder(path: Path) -> AbstractContextManager[None]:
    path.unlink()
    path.mkdir()
    return nullcontext()


@contextmanager
def locked(path: Path) -> Iterator[None]:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield


CAUSES: dict[str, tuple[Callable[[Path], AbstractContextManager[None]], str, str]] = {
    "another version": (another_version, "has version 99 of the tables", "Use the release of runbook-gate"),
    "triggers dropped": (no_triggers, "lacks triggers", "runbook-gate ledger verify"),
    "another program's": (another_program, "not a store of runbook-gate", "Name the right file as `store`"),
    "no database": (no_database, "the file is not a database", "Name the right file as `store`"),
    "a damaged page": (damaged, "damaged", "restore the newest backup"),
    "a folder": (a_folder, "cannot be made or written: Is a directory", "Name a file as `store`"),
}


@pytest.mark.parametrize("command", ["run task-1", "run --next", "pause --reason freeze", "withdraw task-1"])
@pytest.mark.parametrize("cause", CAUSES)
def test_every_command_that_records_says_so(call: Call, world: LittleWorld, cause: str, command: str) -> None:
    world.submit("task-1", "payments-one")
    begin, what, mend = CAUSES[cause]
    refuses(call, world, begin, command, what=what, mend=mend)


def test_a_store_that_another_process_keeps_locked(call: Call, world: LittleWorld) -> None:
    """It is waited for some seconds first."""
    world.submit("task-1", "payments-one")
    what, mend = "another process keeps the store locked", "Wait until the other process has ended"
    refuses(call, world, locked, "run task-1", what=what, mend=mend)


def refuses(
    call: Call,
    world: LittleWorld,
    begin: Callable[[Path], AbstractContextManager[None]],
    command: str,
    *,
    what: str,
    mend: str,
) -> None:
    """A command ends with 13, one clear message, and nothing made or asked."""
    with begin(world.settings.store_file):
        before = sorted(path.name for path in world.folder.rglob("*"))
        refused = call(*command.split(), "-o", "json")
        assert sorted(path.name for path in world.folder.rglob("*")) == before
    error = refused.document["error"]
    assert (refused.status, error["exit_status"]) == (13, 13)
    assert what in error["message"]
    assert "ledger.sqlite" in error["message"]
    assert mend in error["advice"]
    assert "hunter2" not in refused.out + refused.err
    assert world.server.audit == []


def test_a_store_on_an_unfit_file_system(call: Call, world: LittleWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file system of /proc/self/mountinfo is looked at before anything is made."""
    monkeypatch.setenv("RUNBOOK_GATE_STORE", "/dev/shm/runbook-gate-test/ledger.sqlite")
    refused = call("pause", "--reason", "freeze", "-o", "json")
    assert refused.status == 13
    assert "lies on tmpfs: it lives in memory" in refused.document["error"]["message"]
    assert "local disk" in refused.document["error"]["advice"]
    assert not Path("/dev/shm/runbook-gate-test").exists()
