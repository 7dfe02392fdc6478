"""The ledger as a dying process leaves it, kept past the product, and put back."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final, Protocol

from psycopg import sql
from tests.fakes.clock import ManualClock
from tests.postgresql.databases import DATABASES

from runbook_gate.ledger.tables import metadata
from runbook_gate.store_url import StoreUrl

_LEASED: Final = "SELECT max({}) FROM leases WHERE holder IS NOT NULL"


class Kept(Protocol):
    """A ledger that can be kept and put back while no process has it open."""

    def keep(self) -> dict[str, bytes]:
        """What there would be if the process that has it open died now."""

    def put_back(self, kept: dict[str, bytes]) -> None:
        """Let it be as it was then."""

    def leased_ms(self, clock: ManualClock) -> int:
        """How long a lease holds the run from now on."""

    def forget_leases(self) -> None:
        """Let nobody hold the run."""


class KeptFile:
    """A ledger in a file: its bytes, uncommitted ones included.

    Args:
        file: the file.
    """

    def __init__(self, file: Path) -> None:
        # The WAL's index is not kept: whoever opens the store first after a crash makes it anew.
        self._file, self._lasting = file, (file, file.with_name(f"{file.name}-wal"))

    def keep(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in self._lasting if path.exists()}

    def put_back(self, kept: dict[str, bytes]) -> None:
        for path in self._file.parent.glob(f"{self._file.name}*"):
            path.unlink()
        for name, data in kept.items():
            self._file.with_name(name).write_bytes(data)

    def leased_ms(self, clock: ManualClock) -> int:
        with closing(sqlite3.connect(self._file)) as file:
            [until] = file.execute(_LEASED.format("expires_boottime_ms")).fetchone()
        return until - clock.boottime_ms if until else 0

    def forget_leases(self) -> None:
        with closing(sqlite3.connect(self._file)) as file, file:
            file.execute("UPDATE leases SET holder = NULL")


class KeptDatabase:
    """A ledger on a server: its committed rows, for the server undoes the rest when it loses its client.

    Args:
        database: its name, on the tests' own server.
    """

    def __init__(self, database: str) -> None:
        self._database = database

    def keep(self) -> dict[str, bytes]:
        kept = dict[str, bytes]()
        with DATABASES.server.connect(self._database) as connection, connection.cursor() as cursor:
            for table in metadata.sorted_tables:
                name, key = sql.Identifier(table.name), map(sql.Identifier, table.primary_key.columns.keys())
                rows = sql.SQL("SELECT * FROM {} ORDER BY {}").format(name, sql.SQL(", ").join(key))
                with cursor.copy(sql.SQL("COPY ({}) TO STDOUT (FORMAT BINARY)").format(rows)) as copy:
                    kept[table.name] = b"".join(map(bytes, copy))
        return kept

    def put_back(self, kept: dict[str, bytes]) -> None:
        names = {name: sql.Identifier(name) for name in kept}
        with DATABASES.server.connect(self._database) as connection, connection.transaction():
            connection.execute("SET LOCAL session_replication_role = replica")  # no triggers, no foreign keys
            connection.execute(sql.SQL("TRUNCATE {}").format(sql.SQL(", ").join(names.values())))
            for name, data in kept.items():
                statement = sql.SQL("COPY {} FROM STDIN (FORMAT BINARY)").format(names[name])
                with connection.cursor() as cursor, cursor.copy(statement) as copy:
                    copy.write(data)

    def leased_ms(self, clock: ManualClock) -> int:
        with DATABASES.server.connect(self._database) as connection:
            row = connection.execute(_LEASED.format("expires_ms")).fetchone()
        return row[0] - clock.began_ms - clock.elapsed_ms if row and row[0] else 0

    def forget_leases(self) -> None:
        with DATABASES.server.connect(self._database) as connection:
            connection.execute("UPDATE leases SET holder = NULL")


def kept_at(store: Path | StoreUrl) -> Kept:
    """The configured ledger."""
    return KeptFile(store) if isinstance(store, Path) else KeptDatabase(store.dbname)
