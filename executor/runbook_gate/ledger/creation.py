"""Making a store, and recognising one."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, insert, inspect, select

from runbook_gate.errors import LedgerBroken, LedgerFault, LedgerUnwritable
from runbook_gate.ledger import tables
from runbook_gate.ledger.database import Database
from runbook_gate.ledger.faults import mapped
from runbook_gate.ledger.filesystems import filesystem_kind
from runbook_gate.ledger.identifiers import run_id
from runbook_gate.ledger.triggers import triggers

_TRIGGERS: Final = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": (
        "SELECT tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid "
        "WHERE relnamespace = current_schema()::regnamespace AND tgenabled IN ('O', 'A') AND NOT tgisinternal"
    ),
}
_ONE_AT_A_TIME: Final = "SELECT pg_advisory_xact_lock(7238196241)"  # who else makes the tables waits, and finds them


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
    place = filesystem_kind(path)
    if place.unfit and not allow_unfit:
        raise LedgerUnwritable(f"{path} lies on {place.kind}: {place.unfit}", advice="Keep the store on a local disk.")
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

    Args:
        database: the store.

    Raises:
        LedgerFault: if the file is something else, or of another version.
        LedgerBroken: if triggers are missing.
    """
    with database.write() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(_ONE_AT_A_TIME)
        if inspect(connection).get_table_names():
            _check_version(connection, database)
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
        _check_version(connection, database)


def _check_version(connection: Connection, database: Database) -> None:
    if not inspect(connection).has_table(tables.store.name):
        raise LedgerFault(
            f"{database.place}: this is not a store of runbook-gate",
            advice="Name the right file or database as `store`.",
        )
    version = connection.execute(select(tables.store.c.version)).scalar_one_or_none()
    if version != tables.VERSION:
        raise LedgerFault(
            f"{database.place}: the store has version {version} of the tables, this program needs {tables.VERSION}",
            advice="Use the release of runbook-gate that made the store.",
        )


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
