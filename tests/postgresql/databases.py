"""A database for each test, on one server for each process of pytest."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, event
from tests.fakes.clock import ManualClock
from tests.postgresql.server import OWNER, PostgresServer

from runbook_gate.clock import SystemClock
from runbook_gate.ledger import Server, Store
from runbook_gate.ledger.migrations import alone, upgrade
from runbook_gate.store_url import StoreUrl

TEMPLATE: Final = "gate_template"
# The server's clock as the product asks for it, ahead of itself, or where the transaction says it is.
_CLOCK: Final = """
CREATE SCHEMA clock;
CREATE SCHEMA clock_data;
CREATE TABLE clock_data.ahead (ms bigint NOT NULL);
INSERT INTO clock_data.ahead VALUES (0);
CREATE FUNCTION clock.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE AS $$
    SELECT coalesce(
        to_timestamp(nullif(current_setting('clock.at_ms', true), '')::bigint / 1000.0),
        pg_catalog.clock_timestamp() + ms * interval '1 ms'
    ) FROM clock_data.ahead
$$;
"""


class Databases:
    """Makes databases with an empty store in them; the server starts when the first is asked for.

    Attributes:
        chosen: whether the worlds of the tests keep their ledgers there.
    """

    def __init__(self) -> None:
        self.chosen = False
        self._stack = contextlib.ExitStack()
        self._server: PostgresServer | None = None

    @property
    def server(self) -> PostgresServer:
        """The server, started."""
        if self._server is None:
            self._server = self._stack.enter_context(PostgresServer())
            self._make_template(self._server)
        return self._server

    def empty(self) -> Server:
        """A new database without tables."""
        return self.place(self.server.database())

    def fresh(self) -> Server:
        """A new database with an empty store."""
        return self.place(self.server.database(TEMPLATE))

    def store(self, folder: Path) -> Path | StoreUrl:
        """Where a world keeps its ledger, as it is configured."""
        return self.fresh().url if self.chosen else folder / "ledger.sqlite"

    def place(self, database: str) -> Server:
        """One of the databases, as it is configured."""
        return Server(StoreUrl.read(self.server.url(database)))

    def writing(self, url: StoreUrl) -> bool:
        """Whether somebody is in the middle of a transaction."""
        wanted = "SELECT FROM pg_stat_activity WHERE datname = %s AND state <> 'idle' AND pid <> pg_backend_pid()"
        with self.server.connect(url.dbname) as connection:
            return connection.execute(wanted, (url.dbname,)).fetchone() is not None

    def close(self) -> None:
        """Stop the server."""
        self._stack.close()

    def _make_template(self, server: PostgresServer) -> None:
        with server.connect() as connection:
            connection.execute(f"CREATE DATABASE {TEMPLATE}")
            connection.execute(f"ALTER ROLE {OWNER} SET search_path = public, clock, pg_catalog")
        with server.connect(TEMPLATE) as connection:
            connection.execute(_CLOCK)
        make_tables(self.place(TEMPLATE))


def make_tables(place: Server) -> None:
    """Fill an empty database with the tables of a store, as `db upgrade` does."""
    with alone(place) as connection:
        upgrade(connection, place, SystemClock())


def store_on(server: PostgresServer) -> StoreUrl:
    """A new database with an empty store, on any server."""
    url = StoreUrl.read(server.url(server.database()))
    make_tables(Server(url))
    return url


def set_ahead(server: PostgresServer, place: Server, ms: int) -> None:
    """Let the server's clock be ahead, for one database."""
    with server.connect(place.url.dbname) as connection:
        connection.execute("UPDATE clock_data.ahead SET ms = %s", (ms,))


def go_by(store: Store, clock: ManualClock) -> Store:
    """Let a store's server have a clock that goes when the test's clock advances; nobody steps it or reboots it."""

    @event.listens_for(store._database._reader, "begin")
    def _begun(connection: Connection) -> None:
        connection.exec_driver_sql(f"SET clock.at_ms = '{clock.began_ms + clock.elapsed_ms}'")

    return store


DATABASES: Final = Databases()
