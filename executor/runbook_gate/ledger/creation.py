"""Making a store, and recognising one."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, insert

from runbook_gate.errors import LedgerBroken, LedgerUnwritable
from runbook_gate.ledger import tables
from runbook_gate.ledger.database import Database
from runbook_gate.ledger.faults import mapped
from runbook_gate.ledger.filesystems import require_fit
from runbook_gate.ledger.identifiers import run_id
from runbook_gate.ledger.identity import identity
from runbook_gate.ledger.server import Server
from runbook_gate.ledger.triggers import triggers
from runbook_gate.ledger.versions import require_current, stored_version

_TRIGGERS: Final = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": (
        "SELECT tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid "
        "WHERE relnamespace = current_schema()::regnamespace AND tgenabled IN ('O', 'A') AND NOT tgisinternal"
    ),
}


def prepare_file(path: Path, *, allow_unfit: bool, busy_ms: int) -> None:
    """See that there is a file that may hold a store: 0600, in a folder that is 0700 if it is made here.

    Args:
        path: the file.
        allow_unfit: use a file system that is not fit for a store all the same.
        busy_ms: how long to wait for another process that opens it too.

    Raises:
        LedgerUnwritable: if the file system is unfit, or the file cannot be made or written.
        LedgerBroken: if the file is no database.
    """
    if not allow_unfit:
        require_fit(path)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        _sync_folder(path.parent)
    except OSError as error:
        raise LedgerUnwritable(
            f"{path} cannot be made or written: {os.strerror(error.errno or 0)}",
            advice="Name a file as `store` in a folder that this user can read and write, and start the command again.",
        ) from None
    with mapped(path):
        _set_wal(path, busy_ms)


def create_or_check(database: Database) -> None:
    """Create the tables of a new store, or see that an old one has this program's version and its triggers.

    On a server the tables are made by `db upgrade`: the role of an executor has no right to.

    Args:
        database: the store.

    Raises:
        LedgerFault: if the file is something else, or of another version.
        LedgerBroken: if triggers are missing.
        LedgerUnwritable: if the server is a standby.
    """
    if isinstance(database.place, Server):
        with database.read() as connection:
            require_current(stored_version(connection, database.place), database.place)
            _check_triggers(connection, database)
            identity(connection)  # a standby takes no writes: better said now than with the first one
        return
    with database.write() as connection:
        if (version := stored_version(connection, database.place)) is not None:
            require_current(version, database.place)
            _check_triggers(connection, database)
            return
        tables.metadata.create_all(connection)
        now = database.clock.read().at_ms
        connection.execute(insert(tables.store).values(version=tables.VERSION, id=run_id(now), created_ms=now, seq=0))


def check(database: Database) -> None:
    """See that a store has this program's version.

    Args:
        database: the store.

    Raises:
        LedgerFault: if the file is something else, or of another version.
    """
    with database.read() as connection:
        require_current(stored_version(connection, database.place), database.place)


def _check_triggers(connection: Connection, database: Database) -> None:
    there = set(connection.exec_driver_sql(_TRIGGERS[connection.dialect.name]).scalars())
    if not triggers(connection.dialect.name).keys() <= there:
        raise LedgerBroken(f"{database.place}: the store lacks triggers that keep its record from changing")


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _set_wal(path: Path, busy_ms: int) -> None:
    end = time.monotonic() + busy_ms / 1000
    with closing(sqlite3.connect(path, timeout=busy_ms / 1000, isolation_level=None)) as connection:
        while True:
            try:
                connection.execute("PRAGMA journal_mode = WAL").fetchone()
            except sqlite3.OperationalError as error:  # SQLite does not wait for this lock by itself
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                    raise
                time.sleep(0.01)
            else:
                return
