"""Databases of both kinds."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.ledger.migrations.stores import Database, File, OnServer, version_1, version_1_on
from tests.postgresql import PostgresServer
from tests.postgresql.databases import DATABASES


@pytest.fixture(scope="session")
def server() -> PostgresServer:
    """A PostgreSQL server."""
    return DATABASES.server


@pytest.fixture(params=["file", "server"])
def kind(request: pytest.FixtureRequest) -> str:
    """Which kind of database."""
    return str(request.param)


@pytest.fixture
def empty(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Database:
    """An empty database."""
    return File(tmp_path / "empty.sqlite") if kind == "file" else OnServer(request.getfixturevalue("server"))


@pytest.fixture(scope="session")
def template(server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> OnServer:
    """What each store of the first release on the server is a copy of."""
    return version_1_on(server, tmp_path_factory.mktemp("template"))


@pytest.fixture
def old_on_server(server: PostgresServer, template: OnServer) -> OnServer:
    """A store of the first release, with runs in it, on the server."""
    return OnServer(server, template)


@pytest.fixture
def old(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Database:
    """A store of the first release, with runs in it."""
    made: Database = version_1(tmp_path / "old.sqlite") if kind == "file" else request.getfixturevalue("old_on_server")
    return made
