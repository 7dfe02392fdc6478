"""Databases of both kinds, empty or as the first release left them, and a look at them without code of ours."""

from __future__ import annotations

import gzip
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any, Final, Protocol

from tests.fakes.clock import ManualClock
from tests.postgresql import PostgresServer
from tests.postgresql.server import OWNER

from runbook_gate.ledger import Server
from runbook_gate.ledger.migrations import alone, upgrade
from runbook_gate.store_url import StoreUrl

_DUMP: Final = Path(__file__).with_name("version-1.sql.gz")
FIRST: Final = ("store", "journal", "evidence", "tasks", "runs", "entries", "leases", "packets")


class Database(Protocol):
    """A database of either kind.

    Attributes:
        place: as the product is told.
    """

    place: Any

    def schema(self) -> list[str]:
        """Its tables, indexes, constraints and triggers, as statements."""
        ...

    def contents(self, table: str) -> list[tuple[Any, ...]]:
        """Every row of a table."""
        ...

    def execute(self, *statements: str) -> None:
        """Change it, as its owner would."""
        ...


class File:
    """An SQLite file."""

    def __init__(self, path: Path) -> None:
        self.place = path
        path.touch()

    def schema(self) -> list[str]:
        with closing(sqlite3.connect(self.place)) as connection:
            rows = connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY type, name")
            return [sql for (sql,) in rows]

    def contents(self, table: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.place)) as connection:
            return connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall()

    def execute(self, *statements: str) -> None:
        with closing(sqlite3.connect(self.place)) as connection, connection:
            for statement in statements:
                connection.execute(statement)


class OnServer:
    """A database on a server."""

    def __init__(self, server: PostgresServer, template: OnServer | None = None) -> None:
        self._server = server
        self._name: str = server.database(template._name if template else "template1")
        self.place = Server(StoreUrl.read(server.url(self._name)))

    def schema(self) -> list[str]:
        where = ("-h", "127.0.0.1", "-p", str(self._server.port), "-U", OWNER)
        dumped = self._server.run("pg_dump", *where, "--schema-only", "--no-owner", self._name).stdout
        statements = dumped.split("\n\n")
        return [text.strip() for text in statements if text.strip() and not text.strip().startswith(("--", "\\"))]

    def contents(self, table: str) -> list[tuple[Any, ...]]:
        with self._server.connect(self._name) as connection:
            return connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall()

    def execute(self, *statements: str) -> None:
        with self._server.connect(self._name) as connection, connection.transaction():
            for statement in statements:
                connection.execute(statement)

    def fill(self, rows: dict[str, list[tuple[Any, ...]]]) -> None:
        """Put rows into tables, without looking at triggers and keys."""
        with self._server.connect(self._name) as connection, connection.transaction():
            connection.execute("SET session_replication_role = replica")
            connection.execute("TRUNCATE store CASCADE")
            for table, some in rows.items():
                for row in some:
                    connection.execute(f"INSERT INTO {table} VALUES ({', '.join(['%s'] * len(row))})", row)


def version_1(path: Path) -> File:
    """A store of the first release: a complete run, an escalated one, one in the middle of its write, a queue."""
    dump = gzip.decompress(_DUMP.read_bytes()).decode("utf-8")
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript(dump)
        connection.execute("PRAGMA journal_mode = WAL")
    return File(path)


def version_1_on(server: PostgresServer, folder: Path) -> OnServer:
    """The same on a server."""
    made, file = OnServer(server), version_1(folder / "moved.sqlite")
    with alone(made.place) as connection:
        upgrade(connection, made.place, ManualClock(), upto=1)
    made.fill({table: file.contents(table) for table in FIRST})
    return made
