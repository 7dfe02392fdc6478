"""A theatre whose ledger is on a real PostgreSQL server, and a standby of it that streams until it is cut off."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.postgresql import PostgresServer, Standby
from tests.postgresql.databases import store_on
from tests.scenarios.conftest import (  # noqa: F401 - fixtures
    bundle,
    bundle_file,
    replay_sidecar,
    sidecar,
    theatre,
)
from tests.scenarios.theatre import Theatre

from runbook_gate.store_url import StoreUrl


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "theatre" in getattr(item, "fixturenames", ()) and "failover" in item.path.parts:
            item.add_marker(pytest.mark.scenario)


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """A server of this module's own; each test has a database of its own, and may let the server fail over."""
    with PostgresServer() as started:
        yield started


@pytest.fixture
def database(server: PostgresServer) -> str:
    """A database with an empty store."""
    return store_on(server).dbname


@pytest.fixture
def stage(theatre: Theatre, server: PostgresServer, database: str) -> Iterator[Theatre]:  # noqa: F811
    """The theatre with its ledger on the server, and a task that is queued."""
    on_file = theatre.settings
    theatre.settings = on_file.model_copy(update={"store": StoreUrl.read(server.url(database))})
    theatre.submit()
    yield theatre
    theatre.settings = on_file


@pytest.fixture
def standby(stage: Theatre, server: PostgresServer) -> Iterator[Standby]:
    """A standby that has the queued task, and whatever is recorded until it is cut off."""
    with Standby(server) as following:
        yield following
