"""A PostgreSQL server that does not sync what it confirms is no place for a ledger."""

from __future__ import annotations

import pytest
from tests.postgresql import PostgresServer
from tests.postgresql.databases import DATABASES, store_on

from runbook_gate.configuration import Settings
from runbook_gate.doctor.store import file_system
from runbook_gate.errors import EnvironmentFault


def test_one_that_does_not() -> None:
    with pytest.raises(EnvironmentFault, match="has fsync and full_page_writes off: a crash may lose") as told:
        file_system(Settings(store=DATABASES.fresh().url))
    assert told.value.advice == "Set fsync and full_page_writes to on, and reload the server's configuration."


@pytest.mark.whole
def test_one_that_does() -> None:
    with PostgresServer(durable=True) as server:
        assert file_system(Settings(store=store_on(server))).endswith("which syncs what it confirms")
