"""The turn to write: in an SQLite store one transaction after the other writes; on a server, each row has its turn."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import Connection, Row, Select
from sqlalchemy.exc import DBAPIError, OperationalError

from runbook_gate.errors import Stopped

TURNS: Final = "runbook_gate_turns"  # option of a connection: its Turns
WRITES: Final = "runbook_gate_writes"  # option of a connection: whether its transaction writes
_SLICE_MS: Final = 200  # a database waits without looking at signals
_LOCK_NOT_AVAILABLE: Final = "55P03"
_LATER: Final = "Start the same command again; a lease that could not be released ends by itself after a minute."


class Turns:
    """How a transaction waits for its turn.

    Args:
        busy_ms: how long to wait for another process's transaction.

    Attributes:
        stopping: whether the process was asked to stop; then nothing waits any longer.
    """

    def __init__(self, busy_ms: int) -> None:
        self.busy_ms = busy_ms
        self.stopping: Callable[[], bool] = lambda: False

    def begin(self, connection: Connection) -> None:
        """Begin a transaction that alone may write.

        Args:
            connection: what it is begun on.

        Raises:
            OperationalError: another process kept the store locked all the time, or the store failed.
            Stopped: the process was asked to stop, and it is still another's turn.
        """
        end = time.monotonic() + self.busy_ms / 1000
        _wait_at_most(connection, min(_SLICE_MS, self.busy_ms))
        try:
            while not _begun(connection, last=time.monotonic() >= end):
                if self.stopping():
                    raise Stopped("Asked to stop, while another process kept the ledger locked.", advice=_LATER)
        finally:
            _wait_at_most(connection, self.busy_ms)

    def await_row(self, connection: Connection, statement: Select[Any], **values: Any) -> Row[Any] | None:
        """Lock the row that a statement selects, once whoever else has locked it is done.

        Args:
            connection: a writing transaction on a server.
            statement: selects at most one row, as it is after the wait.
            values: of its parameters.

        Raises:
            DBAPIError: another transaction kept the row locked all the time, or the store failed.
            Stopped: the process was asked to stop, and it is still another's turn.
        """
        end = time.monotonic() + self.busy_ms / 1000
        while True:
            last = time.monotonic() >= end
            try:
                with connection.begin_nested():
                    connection.exec_driver_sql(f"SET LOCAL lock_timeout = {max(1, min(_SLICE_MS, self.busy_ms)):d}")
                    row = connection.execute(statement.with_for_update(), values).one_or_none()
                    connection.exec_driver_sql(f"SET LOCAL lock_timeout = {max(1, self.busy_ms):d}")
                    return row
            except DBAPIError as error:
                if last or getattr(error.orig, "sqlstate", None) != _LOCK_NOT_AVAILABLE:
                    raise
            if self.stopping():
                raise Stopped("Asked to stop, while another process kept the ledger locked.", advice=_LATER)


def _wait_at_most(connection: Connection, milliseconds: int) -> None:
    """Past SQLAlchemy, for whom this is a statement like any other: it takes longer than SQLite does."""
    driver: Any = connection.connection.driver_connection
    driver.execute(f"PRAGMA busy_timeout = {milliseconds:d}")


def _begun(connection: Connection, *, last: bool) -> bool:
    try:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    except OperationalError as error:
        busy = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY
        if last or not busy:
            raise
        return False
    return True


def lock(connection: Connection, statement: Select[Any], **values: Any) -> Row[Any] | None:
    """Lock a row before looking at it, so that what is decided on it still holds at the commit.

    An SQLite transaction has locked the whole store when it began. On a server, a statement that had to wait sees
    the row as it is then, but all else as it was before: so one table at a time.

    Args:
        connection: a writing transaction.
        statement: selects at most one row of one table.
        values: of its parameters.

    Returns:
        The row; None if there is none.
    """
    turns = connection.get_execution_options().get(TURNS)
    if not isinstance(turns, Turns):
        return connection.execute(statement, values).one_or_none()
    free = connection.execute(statement.with_for_update(skip_locked=True), values).one_or_none()
    return turns.await_row(connection, statement, **values) if free is None else free
