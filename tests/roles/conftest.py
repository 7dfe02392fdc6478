"""A server with the owner of the tables, and a store with its roles."""

from __future__ import annotations

import pytest
from tests.postgresql import PostgresServer
from tests.postgresql.databases import DATABASES
from tests.roles.roled import RoledStore, own_tables
from tests.scenarios.conftest import bundle, sidecar  # noqa: F401 - fixtures


@pytest.fixture(scope="session")
def server() -> PostgresServer:
    """A PostgreSQL server."""
    own_tables(DATABASES.server)
    return DATABASES.server


@pytest.fixture(scope="session")
def roled(server: PostgresServer) -> RoledStore:
    """An empty store with its roles; nobody changes the rights in it."""
    made = RoledStore(server)
    made.grant()
    return made
