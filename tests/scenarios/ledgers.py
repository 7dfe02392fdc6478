"""A theatre's ledger, looked into and locked past the product, in a file or on a server; and the time that it knows."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from psycopg import sql
from tests.postgresql.databases import DATABASES, set_ahead
from tests.scenarios.clocks import Suspendable
from tests.scenarios.theatre import Theatre

from runbook_gate.ledger import Server
from runbook_gate.store_url import StoreUrl
from runbook_gate.stores import store_place

_ON_A_SERVER = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"


def asleep(theatre: Theatre, ms: int) -> None:
    """Let the machine have slept, and the server's clock have gone on meanwhile."""
    theatre.clock = clock = Suspendable()
    clock.ahead_ms = ms
    place = store_place(theatre.settings)
    if isinstance(place, Server):
        set_ahead(DATABASES.server, place, ms)


def nothing_recorded(store: Path | StoreUrl) -> bool:
    """Whether nobody wrote anything: the first record makes a file."""
    if isinstance(store, Path):
        return not store.exists()
    with DATABASES.server.connect(store.dbname) as connection:
        return connection.execute("SELECT FROM journal").fetchone() is None


def values(store: Path | StoreUrl) -> Iterator[tuple[str, bytes]]:
    """Every row of the store with what it holds: in a file's bytes a long value is scattered over pages."""
    for table, rows in _rows(store):
        for number, row in enumerate(rows):
            held = [value if isinstance(value, bytes) else str(value).encode() for value in row]
            yield f"row {number} of {table}", b"\0".join(held)


def _rows(store: Path | StoreUrl) -> Iterator[tuple[str, list[tuple[Any, ...]]]]:
    if not isinstance(store, Path):
        with DATABASES.server.connect(store.dbname) as connection:
            for (table,) in connection.execute(_ON_A_SERVER).fetchall():
                yield table, connection.execute(sql.SQL("TABLE {}").format(sql.Identifier(table))).fetchall()
    elif store.exists():
        with closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as file:
            for (table,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
                yield table, file.execute(f'SELECT * FROM "{table}"').fetchall()


@contextmanager
def locking(store: Path | StoreUrl) -> Iterator[Callable[[], object]]:
    """What keeps everybody else from going on with a run, once it is called, until the end of the block."""
    if isinstance(store, Path):
        with closing(sqlite3.connect(store, isolation_level=None, check_same_thread=False)) as file:
            yield lambda: file.in_transaction or file.execute("BEGIN IMMEDIATE")
        return
    with DATABASES.server.connect(store.dbname) as connection:
        connection.autocommit = False
        yield lambda: connection.execute("SELECT FROM leases FOR UPDATE")
