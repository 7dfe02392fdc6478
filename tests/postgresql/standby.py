"""A standby of a server of the tests' own: it streams until it is cut off, and may take over the server's address."""

from __future__ import annotations

import shutil
import time
from types import TracebackType
from typing import Final, Self

import psycopg
from tests.postgresql.server import OWNER, PostgresServer

from runbook_gate.processes import free_port

_LONGEST_S: Final = 60


class Standby:
    """Follows a primary as long as the block lasts, unless it is cut off before.

    Args:
        primary: the server.
    """

    def __init__(self, primary: PostgresServer) -> None:
        self._primary = primary
        self._port = free_port()
        self._data = primary.folder / "standby"
        self._process = primary.process_of(self._data, self._port)

    def __enter__(self) -> Self:
        at = f"host=127.0.0.1 port={self._primary.port} user={OWNER}"
        options = ("-D", str(self._data), "-d", at, "-X", "stream", "-c", "fast", "--no-sync", "-R")
        self._primary.run("pg_basebackup", *options)
        self._process.start(self._follows)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._process.stop(grace_s=30)
        shutil.rmtree(self._data, ignore_errors=True)

    def connect(self, database: str = "postgres") -> psycopg.Connection:
        """A plain connection to the standby itself."""
        return psycopg.connect(
            host="127.0.0.1", port=self._port, dbname=database, user=OWNER, connect_timeout=10, autocommit=True
        )

    def url(self, database: str) -> str:
        """The URL of one of its databases."""
        return f"postgresql://{OWNER}@127.0.0.1:{self._port}/{database}"

    def follow(self) -> None:
        """Wait until it has all that was committed so far."""
        with self._primary.connect() as connection:
            [there] = connection.execute("SELECT pg_current_wal_flush_lsn()::text").fetchone() or [""]
        until = time.monotonic() + _LONGEST_S
        with self.connect() as connection:
            while not self._has(connection, there):
                assert time.monotonic() < until, f"the standby never came to {there}"
                time.sleep(0.02)

    def cut_off(self) -> None:
        """Stop the replication here: all that was committed so far is there, and nothing from now on."""
        self.follow()
        self._process.stop(grace_s=30)

    def take_over(self) -> None:
        """The primary is gone at once, and the standby is promoted at its address."""
        self._primary.crash()
        shutil.rmtree(self._primary.data)
        self._data.rename(self._primary.data)
        self._primary.start()
        with self._primary.connect() as connection:
            assert connection.execute("SELECT pg_promote()").fetchone() == (True,)

    def _follows(self) -> bool:
        try:
            with self.connect() as connection:
                return connection.execute("SELECT status FROM pg_stat_wal_receiver").fetchone() == ("streaming",)
        except psycopg.OperationalError:
            return False

    def _has(self, connection: psycopg.Connection, there: str) -> bool:
        return connection.execute("SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn", [there]).fetchone() == (True,)
