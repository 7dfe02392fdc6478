"""The turn to write: in an SQLite store one transaction after the other writes."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from typing import Final

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from runbook_gate.errors import Stopped

_SLICE_MS: Final = 200  # SQLite waits without looking at signals
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
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {min(_SLICE_MS, self.busy_ms):d}")
        try:
            while not _begun(connection, last=time.monotonic() >= end):
                if self.stopping():
                    raise Stopped("Asked to stop, while another process kept the ledger locked.", advice=_LATER)
        finally:
            connection.exec_driver_sql(f"PRAGMA busy_timeout = {self.busy_ms:d}")


def _begun(connection: Connection, *, last: bool) -> bool:
    try:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    except OperationalError as error:
        busy = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY
        if last or not busy:
            raise
        return False
    return True
