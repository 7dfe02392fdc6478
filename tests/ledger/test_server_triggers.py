"""The triggers of a store on a server: what no statement can do while they are there."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql
from tests.fakes.clock import ManualClock
from tests.ledger.conftest import opened
from tests.ledger.samples import start, whole_run
from tests.ledger.test_triggers import ONE_WAY, RECORD, TABLES
from tests.postgresql.databases import DATABASES

from runbook_gate.errors import LedgerBroken
from runbook_gate.ledger import Server
from runbook_gate.ledger.triggers import postgresql_triggers


@pytest.fixture(scope="module")
def filled() -> Server:
    """A store with an escalated and an active run; every statement of these tests is refused."""
    place = DATABASES.fresh()
    with opened(place, ManualClock()) as store:
        ended = whole_run(store, kind="escalated")
        store.escalations.resolve(str(ended.packet), actor="leah", note="done")
        start(store, 2, target="another")
    return place


@pytest.fixture
def owner(filled: Server) -> Iterator[psycopg.Connection]:
    with DATABASES.server.connect(filled.url.dbname) as connection:
        yield connection


def dump(owner: psycopg.Connection) -> list[tuple[object, ...]]:
    return [row for table in TABLES for row in owner.execute(sql.SQL("TABLE {}").format(sql.Identifier(table)))]


def refused(owner: psycopg.Connection, statement: sql.SQL | sql.Composed) -> None:
    before = dump(owner)
    with pytest.raises(psycopg.errors.RestrictViolation, match="append-only"):
        owner.execute(statement)
    assert dump(owner) == before


def test_every_table_has_its_triggers() -> None:
    every = {f"{table}_no_{what}" for table in TABLES for what in ("delete", "truncate", "update")}
    index = ("escalations", "leases", "notifications", "runs", "store", "tasks")
    assert set(postgresql_triggers()) == every | {f"{table}_one_way" for table in index}


@pytest.mark.parametrize("table", TABLES)
def test_nothing_is_deleted(owner: psycopg.Connection, table: str) -> None:
    refused(owner, sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
    refused(owner, sql.SQL("TRUNCATE {} CASCADE").format(sql.Identifier(table)))


@pytest.mark.parametrize("table", RECORD)
def test_no_column_of_the_record_is_updated(owner: psycopg.Connection, table: str) -> None:
    wanted = "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND table_schema = 'public'"
    for (column,) in owner.execute(wanted, (table,)).fetchall():
        statement = sql.SQL("UPDATE {0} SET {1} = {1}")
        refused(owner, statement.format(sql.Identifier(table), sql.Identifier(column)))
        upsert = sql.SQL("INSERT INTO {0} SELECT * FROM {0} LIMIT 1 ON CONFLICT ({2}) DO UPDATE SET {1} = EXCLUDED.{1}")
        key = sql.Identifier("seq") if table == "journal" else sql.Identifier("id" if table == "packets" else "sha256")
        refused(owner, upsert.format(sql.Identifier(table), sql.Identifier(column), key))


@pytest.mark.parametrize("statement", ONE_WAY)
def test_the_index_goes_one_way(owner: psycopg.Connection, statement: str) -> None:
    refused(owner, sql.SQL(statement))


def test_a_second_active_run_of_a_target_is_impossible(owner: psycopg.Connection) -> None:
    columns = "runbook, target_key, opened_ms, deadline_ms, state, step, seq"
    statement = (
        f"INSERT INTO runs (id, task, ordinal, {columns}) SELECT 'r', 'restore-psa-0001', 9, {columns} FROM runs"
    )
    with pytest.raises(psycopg.errors.UniqueViolation):
        owner.execute(sql.SQL(statement + " WHERE state = 'active'"))


@pytest.mark.parametrize("how", ["DROP TRIGGER entries_no_delete ON", "ALTER TABLE entries DISABLE TRIGGER ALL --"])
def test_a_store_without_its_triggers_is_not_opened(how: str) -> None:
    place = DATABASES.fresh()
    with DATABASES.server.connect(place.url.dbname) as owner:
        owner.execute(sql.SQL(how + " entries"))
    with pytest.raises(LedgerBroken, match="lacks triggers"):
        opened(place, ManualClock())
