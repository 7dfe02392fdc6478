"""Transactions on a store of any version: to look, and to change its tables while nobody else has it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event, inspect
from sqlalchemy.pool import NullPool

from runbook_gate.errors import LedgerBroken, LedgerUnwritable
from runbook_gate.ledger.database import Place, engine_of
from runbook_gate.ledger.faults import mapped
from runbook_gate.ledger.server import Server, is_server, postgres_engine
from runbook_gate.ledger.turns import WRITES, Turns

_BUSY_MS: Final = 5000
_ONE_AT_A_TIME: Final = "SELECT pg_advisory_xact_lock(7238196241)"
_HELD: Final = """
SELECT run, holder FROM leases
WHERE holder IS NOT NULL AND expires_ms > extract(epoch FROM clock_timestamp()) * 1000 ORDER BY run
"""


@contextmanager
def looking(place: Place) -> Iterator[Connection]:
    """Begin a transaction that only reads, on whatever is there.

    Args:
        place: the store's file or server.

    Yields:
        Its connection.

    Raises:
        LedgerFault: if it cannot be read.
    """
    engine = engine_of(place, Turns(busy_ms=_BUSY_MS), read_only=True)
    try:
        with mapped(place), engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


@contextmanager
def alone(place: Place, *, busy_ms: int = _BUSY_MS) -> Iterator[Connection]:
    """Begin the transaction; what it did is durable when the block has ended, and undone if it raised.

    - In a file, nobody else may have it open. Foreign keys are checked at the end, since a table that is made anew is
      missing for a moment.
    - On a server, no run may be held. Whoever writes later finds another version, and does nothing.

    Args:
        place: the store's file, which must be there, or its server.
        busy_ms: how long to wait for others to let go of it.

    Yields:
        Its connection.

    Raises:
        LedgerUnwritable: another process has the store open, or it cannot be written.
        LedgerBroken: a foreign key leads nowhere.
    """
    engine = _server(place, busy_ms) if isinstance(place, Server) else _file(place, busy_ms)
    try:
        with mapped(place), engine.begin() as connection:
            if is_server(connection):
                _take(connection, place)
            yield connection
            if not is_server(connection):
                _require_joined(connection, place)
    finally:
        engine.dispose()


def _server(server: Server, busy_ms: int) -> Engine:
    return postgres_engine(server, Turns(busy_ms)).execution_options(**{WRITES: True})


def _take(connection: Connection, place: Place) -> None:
    """Let whoever writes finish, and let nobody begin: each reads its version from `store` first."""
    connection.exec_driver_sql(_ONE_AT_A_TIME)
    connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
    there = inspect(connection).get_table_names()
    if "store" in there:
        connection.exec_driver_sql("LOCK TABLE store IN ACCESS EXCLUSIVE MODE")
    if "leases" in there and (held := connection.exec_driver_sql(_HELD).all()):
        raise LedgerUnwritable(
            f"{place}: {len(held)} run(s) are held, {held[0].run} by {held[0].holder}",
            advice="End every executor, with SIGTERM, and start the command again; a lease ends within a minute.",
        )


def _file(path: Path, busy_ms: int) -> Engine:
    name = f"file:{quote(os.fsencode(path.absolute()))}?mode=rw"
    engine = create_engine(
        "sqlite://", creator=lambda: _connected(name, busy_ms), poolclass=NullPool, hide_parameters=True
    )
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN EXCLUSIVE"))
    return engine


def _connected(name: str, busy_ms: int) -> sqlite3.Connection:
    connection = sqlite3.connect(name, uri=True, isolation_level=None)
    connection.execute(f"PRAGMA busy_timeout = {busy_ms:d}")
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")  # fails while another process has the file open, idle or not
    return connection


def _require_joined(connection: Connection, place: Place) -> None:
    if astray := connection.exec_driver_sql("PRAGMA foreign_key_check").all():
        raise LedgerBroken(f"{place}: {len(astray)} rows name a row that is not there, the first in {astray[0][0]}")
