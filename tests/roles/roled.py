"""A store on a server, with an owner who is no superuser, and the roles of deploy/postgresql/roles.sql."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.fakes.clock import ManualClock
from tests.postgresql import PostgresServer
from tests.postgresql.server import OWNER

from runbook_gate.clock import Clock
from runbook_gate.ledger import Server
from runbook_gate.ledger.migrations import alone, upgrade
from runbook_gate.store_url import StoreUrl

ROLES = Path(__file__).parents[2] / "deploy" / "postgresql" / "roles.sql"
TABLES, RUNTIME, AUDITOR = "owner_of_tables", "runbook_gate", "runbook_gate_auditor"


def own_tables(server: PostgresServer) -> None:
    """Make the role that owns the tables, once for a server."""
    with server.connect() as connection:
        connection.execute(f"CREATE ROLE {TABLES} LOGIN")


class RoledStore:
    """One store, seen by each of its roles.

    Args:
        server: where; it knows the role that is to own the tables.
        clock: of its creation.
    """

    def __init__(self, server: PostgresServer, clock: Clock | None = None) -> None:
        self.server, self.name = server, server.database()
        with server.connect() as connection:
            connection.execute(f"ALTER DATABASE {self.name} OWNER TO {TABLES}")
        with alone(self.place(TABLES)) as connection:
            upgrade(connection, self.name, clock or ManualClock())

    def place(self, role: str) -> Server:
        """The store as a role is told to reach it."""
        return Server(StoreUrl.read(self.server.url(self.name, user=role)))

    def grant(self, **names: str) -> None:
        """Run the file, as it says."""
        shutil.copy(ROLES, self.server.folder / "roles.sql")
        options = " ".join(f"-c runbook_gate.{key}={name}" for key, name in names.items())
        database = f"host=127.0.0.1 port={self.server.port} user={OWNER} dbname={self.name} options='{options}'"
        file = self.server.folder / "roles.sql"
        self.server.run("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", database, "-f", str(file))


def roled(server: PostgresServer, clock: Clock | None = None) -> RoledStore:
    """A store with the roles of deploy/postgresql/roles.sql, whose owner is no superuser, on a server of its own."""
    own_tables(server)
    store = RoledStore(server, clock)
    store.grant()
    return store
