"""The triggers: what no statement can do while they are there."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from tests.ledger.samples import start, whole_run

from runbook_gate.errors import LedgerBroken
from runbook_gate.ledger import Store
from runbook_gate.ledger.tables import metadata
from runbook_gate.ledger.triggers import sqlite_triggers

RECORD = ("journal", "entries", "evidence", "packets")
TABLES = sorted(metadata.tables)
ONE_WAY = (
    "UPDATE store SET version = 2",
    "UPDATE store SET seq = seq - 1",
    "UPDATE tasks SET id = 'other'",
    "UPDATE tasks SET document_sha256 = 'other'",
    "UPDATE tasks SET state = 'queued', outcome = NULL WHERE state = 'finished'",
    "UPDATE tasks SET state = 'queued' WHERE state = 'active'",
    "UPDATE runs SET target_key = 'other'",
    "UPDATE runs SET deadline_ms = deadline_ms + 1",
    "UPDATE runs SET state = 'active', record_sha256 = NULL WHERE state <> 'active'",
    "UPDATE runs SET head = NULL WHERE state <> 'active'",
    "UPDATE runs SET seq = seq - 1",
    "UPDATE leases SET number = number - 1",
    "UPDATE leases SET run = 'other'",
    "UPDATE escalations SET packet = 'other'",
    "UPDATE escalations SET state = 'open' WHERE state <> 'open'",
    "UPDATE escalations SET state = 'acknowledged' WHERE state = 'resolved'",
    "UPDATE notifications SET entry_sha256 = 'other'",
    "UPDATE notifications SET run = 'other'",
    "UPDATE notifications SET kind = 'completed'",
    "UPDATE notifications SET attempts = attempts - 1",
)


@pytest.fixture(params=["file"])
def place(path: Path) -> Path:
    """PostgreSQL's own are in test_server_triggers.py."""
    return path


@pytest.fixture(autouse=True)
def _contents(store: Store) -> None:
    ended = whole_run(store, kind="escalated")
    store.escalations.resolve(str(ended.packet), actor="leah", note="done")
    start(store, 2, target="another")


def refused(attacker: sqlite3.Connection, statement: str) -> None:
    before = dump(attacker)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        attacker.execute(statement)
    assert dump(attacker) == before


def dump(attacker: sqlite3.Connection) -> list[tuple[object, ...]]:
    return [row for table in TABLES for row in attacker.execute(f"SELECT * FROM {table}")]


def test_every_table_has_its_triggers() -> None:
    every = {f"{table}_no_{what}" for table in TABLES for what in ("delete", "replace", "update")}
    assert every <= set(sqlite_triggers())
    assert set(sqlite_triggers()) - every == {
        f"{t}_one_way" for t in ("escalations", "leases", "notifications", "runs", "store", "tasks")
    }


@pytest.mark.parametrize("table", TABLES)
def test_nothing_is_deleted(attacker: sqlite3.Connection, table: str) -> None:
    refused(attacker, f"DELETE FROM {table}")


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("how", ["INSERT OR REPLACE INTO", "REPLACE INTO", "INSERT OR IGNORE INTO", "INSERT INTO"])
def test_nothing_is_replaced(attacker: sqlite3.Connection, table: str, how: str) -> None:
    refused(attacker, f"{how} {table} SELECT * FROM {table} LIMIT 1")


@pytest.mark.parametrize("table", sorted(set(TABLES) - {"journal", "store"}))
def test_nothing_is_replaced_by_its_rowid(attacker: sqlite3.Connection, table: str) -> None:
    columns = [row[1] for row in attacker.execute(f"PRAGMA table_info({table})")]
    fresh = ", ".join(f"'x' || hex(randomblob(4)) AS {column}" for column in columns)
    statement = f"INSERT OR REPLACE INTO {table} (rowid, {', '.join(columns)}) SELECT 1, {fresh}"
    attacker.execute("PRAGMA ignore_check_constraints = ON")
    refused(attacker, statement)


@pytest.mark.parametrize("table", RECORD)
def test_no_column_of_the_record_is_updated(attacker: sqlite3.Connection, table: str) -> None:
    for row in attacker.execute(f"PRAGMA table_info({table})").fetchall():
        refused(attacker, f"UPDATE {table} SET {row[1]} = {row[1]}")


@pytest.mark.parametrize("statement", ONE_WAY)
def test_the_index_goes_one_way(attacker: sqlite3.Connection, statement: str) -> None:
    refused(attacker, statement)


def test_a_second_active_run_of_a_target_is_impossible(attacker: sqlite3.Connection) -> None:
    columns = [row[1] for row in attacker.execute("PRAGMA table_info(runs)")]
    new = {"id": "'r'", "task": "'t'", "ordinal": "ordinal + 1", "head": "NULL"}
    values = ", ".join(new.get(column, column) for column in columns)
    with pytest.raises(sqlite3.IntegrityError, match=r"UNIQUE.*target_key"):
        attacker.execute(f"INSERT INTO runs SELECT {values} FROM runs WHERE state = 'active'")


def test_a_store_without_its_triggers_is_not_opened(store: Store, attacker: sqlite3.Connection, reopen: object) -> None:
    attacker.execute("DROP TRIGGER entries_no_delete")
    with pytest.raises(LedgerBroken, match="lacks triggers"):
        reopen()  # type: ignore[operator]
