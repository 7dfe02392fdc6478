"""Connections and transactions. Whatever the database raises leaves here as a LedgerFault."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, event, func, select
from sqlalchemy.pool import ConnectionPoolEntry, StaticPool

from runbook_gate.clock import Clock, Reading
from runbook_gate.errors import LedgerUnwritable
from runbook_gate.ledger.compiled import FOR_FILES
from runbook_gate.ledger.confirming import TRIAL, Unconfirmed
from runbook_gate.ledger.faults import AGAIN, mapped
from runbook_gate.ledger.server import Server, is_server, postgres_engine
from runbook_gate.ledger.turns import WRITES, Turns
from runbook_gate.ledger.versions import require_still_current
from runbook_gate.models.entry import Executor

Place = Path | Server
_FOREIGN: Final = ""  # no boot of a host: leases of a server's clock are seen from elsewhere
_COMPILED_ONCE: Final = {"compiled_cache": FOR_FILES}
_FILE: Final = "runbook_gate_file"
_BESIDE: Final = "runbook_gate_files_beside"


class Database:
    """One store's engine, and what every record in it is stamped with.

    Attributes:
        clock: the clock.
        executor: the program that writes.
        place: the file or server; None in memory.
    """

    def __init__(self, engine: Engine, clock: Clock, executor: Executor, place: Place | None = None) -> None:
        self.clock, self.executor, self.place = clock, executor, place
        self._unconfirmed = Unconfirmed()
        self._reader = engine
        self._writer = engine.execution_options(**{WRITES: True})

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Begin a transaction that sees one state of the store.

        Yields:
            Its connection.

        Raises:
            LedgerFault: if the store cannot be read.
        """
        with mapped(self.place), self._reader.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Begin a transaction that alone may write; what it wrote is durable when the block has ended.

        Yields:
            Its connection.

        Raises:
            LedgerFault: if nothing of it was recorded, or nobody knows (see `mapped`).
            Stopped: likewise, for the process was asked to stop before it was its turn.
        """
        with mapped(self.place), self._unconfirmed.noted(), self._writer.begin() as connection:
            if is_server(connection):  # a file is upgraded only while nobody has it open
                require_still_current(connection, self.place)
            yield connection

    def try_commit(self) -> None:
        """After a commit that was not confirmed, see whether one is by now; else do nothing.

        Raises:
            LedgerFault: it is not.
        """
        if self._unconfirmed.there:
            count = self._unconfirmed.count
            with self.write() as connection:
                connection.exec_driver_sql(TRIAL)
            self._unconfirmed.settle(count)

    def now(self, connection: Connection) -> Reading:
        """The clock by which leases expire and tasks are due: the server's, for all its clients; else this host's.

        Args:
            connection: a transaction.
        """
        if not is_server(connection):
            return self.clock.read()
        seconds = func.extract("epoch", func.clock_timestamp())
        at_ms = int(connection.execute(select(seconds)).scalar_one() * 1000)
        return Reading(at_ms=at_ms, boottime_ms=at_ms, boot_id=_FOREIGN)

    def moment(self, connection: Connection, at_ms: int) -> int:
        """A moment of this host's wall clock, by the clock of `now`.

        Args:
            connection: a transaction.
            at_ms: milliseconds since the epoch.
        """
        return at_ms + self.now(connection).at_ms - self.clock.read().at_ms if is_server(connection) else at_ms

    def close(self) -> None:
        """Close every connection."""
        self._reader.dispose()


def engine_of(place: Place, turns: Turns, *, read_only: bool = False) -> Engine:
    """Make the engine of a store.

    Args:
        place: the file or server.
        turns: how a transaction waits for its turn to write.
        read_only: refuse every write.

    Returns:
        The engine; nothing was opened yet.
    """
    if isinstance(place, Server):
        return postgres_engine(place, turns, read_only=read_only)
    return sqlite_engine(place, turns, read_only=read_only)


def sqlite_engine(path: Path | None, turns: Turns, *, read_only: bool = False) -> Engine:
    """Make the engine of an SQLite store.

    Args:
        path: the file; None for a store in memory.
        turns: how a transaction waits for its turn to write.
        read_only: refuse every write.

    Returns:
        The engine; nothing was opened yet.
    """
    if path is None:
        engine = create_engine(
            "sqlite://", poolclass=StaticPool, hide_parameters=True, execution_options=_COMPILED_ONCE
        )
    else:
        path = path.absolute()  # the program may change its folder
        name, query = f"file:{quote(os.fsencode(path))}", {"mode": "ro" if read_only else "rw", "uri": "true"}
        url = URL.create("sqlite", database=name, query=query)
        engine = create_engine(url, hide_parameters=True, execution_options=_COMPILED_ONCE)
    _prepare(engine, path, turns)
    return engine


def _prepare(engine: Engine, path: Path | None, turns: Turns) -> None:
    """Set up each connection, and begin each transaction as the one who began it wants it."""

    @event.listens_for(engine, "connect")
    def _connected(connection: sqlite3.Connection, record: ConnectionPoolEntry) -> None:
        record.info[_FILE] = _identity(path)
        connection.isolation_level = None  # transactions begin where `_begun` says so
        connection.execute(f"PRAGMA busy_timeout = {turns.busy_ms:d}")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA recursive_triggers = ON")
        connection.execute("PRAGMA trusted_schema = OFF")

    @event.listens_for(engine, "begin")
    def _begun(connection: Connection) -> None:
        if not connection.get_execution_options().get(WRITES):
            connection.exec_driver_sql("BEGIN")
            return
        turns.begin(connection)
        if path:
            _still_there(connection, path)


def _still_there(connection: Connection, path: Path) -> None:
    """SQLite goes on writing to a file that has lost its name, and the record would be gone.

    The files beside it are made by the first transaction, and stay as long as a connection is open.
    """
    beside = [path.with_name(path.name + ending) for ending in ("-wal", "-shm")]
    now = [_identity(file) for file in beside]
    known = [connection.info[_FILE], *connection.info.setdefault(_BESIDE, now)]
    for file, before, after in zip((path, *beside), known, (_identity(path), *now), strict=True):
        if after is None or before != after:
            raise LedgerUnwritable(
                f"{file} was moved or removed while it was open", advice=f"Put the file back in its place. {AGAIN}"
            )


def _identity(path: Path | None) -> tuple[int, int] | None:
    """Which file this is."""
    try:
        status = path.stat() if path else None
    except OSError:
        return None
    return (status.st_dev, status.st_ino) if status else None
