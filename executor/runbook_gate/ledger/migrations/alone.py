"""Transactions on a store of any version: to look, and to change its tables while nobody else has it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import quote

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.pool import NullPool

from runbook_gate.errors import LedgerBroken
from runbook_gate.ledger.database import sqlite_engine
from runbook_gate.ledger.faults import mapped
from runbook_gate.ledger.turns import Turns

_BUSY_MS: Final = 5000


@contextmanager
def looking(path: Path) -> Iterator[Connection]:
    """Begin a transaction that only reads, on whatever the file holds.

    Args:
        path: the store's file.

    Yields:
        Its connection.

    Raises:
        LedgerFault: if it cannot be read.
    """
    engine = sqlite_engine(path, Turns(busy_ms=_BUSY_MS), read_only=True)
    try:
        with mapped(path), engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


@contextmanager
def alone(path: Path, *, busy_ms: int = _BUSY_MS) -> Iterator[Connection]:
    """Begin the transaction; what it did is durable when the block has ended, and undone if it raised.

    Args:
        path: the store's file, which must be there.
        busy_ms: how long to wait for others to let go of it.

    Yields:
        Its connection. Foreign keys are checked at its end, since a table that is made anew is missing for a moment.

    Raises:
        LedgerUnwritable: another process has the store open, or it cannot be written.
        LedgerBroken: a foreign key leads nowhere.
    """
    name = f"file:{quote(os.fsencode(path.absolute()))}?mode=rw"
    engine = create_engine(
        "sqlite://", creator=lambda: _connected(name, busy_ms), poolclass=NullPool, hide_parameters=True
    )
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN EXCLUSIVE"))
    try:
        with mapped(path), engine.begin() as connection:
            yield connection
            if astray := connection.exec_driver_sql("PRAGMA foreign_key_check").all():
                raise LedgerBroken(
                    f"{path}: {len(astray)} rows name a row that is not there, the first in {astray[0][0]}"
                )
    finally:
        engine.dispose()


def _connected(name: str, busy_ms: int) -> sqlite3.Connection:
    connection = sqlite3.connect(name, uri=True, isolation_level=None)
    connection.execute(f"PRAGMA busy_timeout = {busy_ms:d}")
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")  # fails while another process has the file open, idle or not
    return connection
