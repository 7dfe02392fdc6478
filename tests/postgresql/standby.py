"""A standby of a server of the tests' own: it streams until it is cut off, and may take over the server's address."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Final, LiteralString, Self

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


@contextmanager
def gone(primary: PostgresServer) -> Iterator[None]:
    """For the length of a block, the only synchronous standby is one that is not there: no commit is answered."""
    with primary.connect() as connection:
        _name(connection, "SET synchronous_standby_names = 'gone'")
        try:
            with primary.connect() as probe:
                while not _waits(probe, connection):
                    pass
            yield
        finally:
            _name(connection, "RESET synchronous_standby_names")


def waiting(connection: psycopg.Connection) -> list[int]:
    """The server processes whose commit waits for a standby."""
    found = connection.execute("SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'")
    return [pid for (pid,) in found]


def _name(connection: psycopg.Connection, change: LiteralString) -> None:
    connection.execute(f"ALTER SYSTEM {change}")
    connection.execute("SELECT pg_reload_conf()")


def _waits(probe: psycopg.Connection, connection: psycopg.Connection) -> bool:
    """Whether a commit waits by now: the server reads its configuration anew when it comes to it."""
    probe.pgconn.send_query(b"SELECT pg_logical_emit_message(true, 'probe', '')")
    waits = False
    while probe.pgconn.is_busy():
        if not waits and probe.info.backend_pid in waiting(connection):
            waits = True
            probe.cancel_safe()
        probe.pgconn.consume_input()
    while probe.pgconn.get_result():
        pass
    return waits
