"""What neither an executor nor an auditor may do to a store, whatever its triggers would say: all acts, all tables."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege
from tests.postgresql.server import OWNER
from tests.roles.roled import AUDITOR, RUNTIME, TABLES, RoledStore

from runbook_gate.ledger import tables
from runbook_gate.ledger.confirming import TRIAL

# What the code changes; test_whole_runs.py shows that it changes each of these, and no other.
CHANGES = {
    "store": {"seq", "head"},
    "tasks": {"not_before_ms", "claimed_by", "claimed_until_ms", "state", "outcome"},
    "runs": {"state", "step", "seq", "head", "record_sha256"},
    "leases": {"number", "holder", "expires_ms", "expires_boottime_ms", "boot_id"},
    "escalations": {"state"},
    "notifications": {"attempts", "last_try_ms", "last_error", "next_try_ms", "delivered_ms"},
}
ADDS = {"journal", "evidence", "tasks", "runs", "entries", "leases", "packets", "escalations", "notifications"}
NAMES = [table.name for table in tables.metadata.sorted_tables]

OF_A_TABLE = [
    "DELETE FROM {}",
    "TRUNCATE {} CASCADE",
    "DROP TABLE {} CASCADE",
    "ALTER TABLE {} ADD COLUMN cat text",
    "ALTER TABLE {} DISABLE TRIGGER ALL",
    "ALTER TABLE {} RENAME TO cats",
    "DROP TRIGGER {}_no_delete ON {}",
    "CREATE TRIGGER cat AFTER INSERT ON {} EXECUTE FUNCTION refuse_change()",
    "CREATE RULE cat AS ON INSERT TO {} DO INSTEAD NOTHING",
    "CREATE INDEX cat ON {} ((1))",
    "LOCK TABLE {} IN ACCESS EXCLUSIVE MODE",
    "COMMENT ON TABLE {} IS 'cat'",
]
OF_THE_DATABASE = [
    "CREATE TABLE cats (name text)",
    "CREATE TEMPORARY TABLE entries (name text)",
    "CREATE FUNCTION cat() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'",
    "DROP FUNCTION refuse_change() CASCADE",
    "CREATE SCHEMA cats",
    "DROP SCHEMA public CASCADE",
    "CREATE ROLE cat",
    f"ALTER DATABASE gate_1 OWNER TO {RUNTIME}",
    f"SET ROLE {TABLES}",
    f"SET SESSION AUTHORIZATION {OWNER}",
    "SET session_replication_role = replica",
    "SELECT pg_reload_conf()",
    "COPY entries TO PROGRAM 'cat'",
    "SELECT pg_read_file('PG_VERSION')",
]


def updates(name: str, allowed: set[str]) -> list[str]:
    columns = [column.name for column in tables.metadata.tables[name].columns]
    return [f"UPDATE {name} SET {column} = {column}" for column in columns if column not in allowed]


def forbidden_of(name: str, role: str) -> list[str]:
    """Every statement on a table that a role must be refused."""
    changed, adds = (CHANGES.get(name, set()), name in ADDS) if role == RUNTIME else (set[str](), False)
    insert = [] if adds else [f"INSERT INTO {name} DEFAULT VALUES"]
    return [act.replace("{}", name) for act in OF_A_TABLE] + updates(name, changed) + insert


@pytest.fixture(params=[RUNTIME, AUDITOR])
def role(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def connection(roled: RoledStore, role: str) -> Iterator[psycopg.Connection]:
    with roled.server.connect(roled.name, user=role) as opened:
        yield opened


def refused(connection: psycopg.Connection, statement: str) -> bool:
    """Whether it was for want of a right; it is undone in any case."""
    with connection.transaction(force_rollback=True):
        try:
            connection.execute(statement)
        except InsufficientPrivilege:
            return True
        except psycopg.Error:
            return False
    return False


@pytest.mark.parametrize("name", NAMES)
def test_each_act_on_each_table_is_refused(connection: psycopg.Connection, role: str, name: str) -> None:
    assert [act for act in forbidden_of(name, role) if not refused(connection, act)] == []


def test_each_act_on_the_database_is_refused(connection: psycopg.Connection) -> None:
    assert [act for act in OF_THE_DATABASE if not refused(connection, act)] == []


def test_it_is_for_want_of_a_right(roled: RoledStore) -> None:
    """The superuser lacks none: the statements are right as they stand, and what stops her is a trigger."""
    acts = [act for name in NAMES for act in forbidden_of(name, AUDITOR)]
    with roled.server.connect(roled.name) as connection:
        assert [act for act in (*acts, *OF_THE_DATABASE) if refused(connection, act)] == []


@pytest.mark.parametrize("name", NAMES)
def test_what_is_needed_is_allowed(connection: psycopg.Connection, role: str, name: str) -> None:
    """EXPLAIN asks for the rights and does nothing. A new table that roles.sql does not name is found here."""
    changed = CHANGES.get(name, set()) if role == RUNTIME else set()
    acts = [f"SELECT * FROM {name}", *(f"UPDATE {name} SET {column} = {column}" for column in sorted(changed))]
    if role == RUNTIME and name in ADDS:
        acts.append(f"INSERT INTO {name} DEFAULT VALUES")
    assert [act for act in acts if refused(connection, f"EXPLAIN {act}")] == []


def test_nobody_else_sees_anything(roled: RoledStore) -> None:
    with roled.server.connect() as connection:
        connection.execute("CREATE ROLE cat LOGIN")
    with roled.server.connect(roled.name, user="cat") as connection:
        for name in NAMES:
            assert refused(connection, f"SELECT * FROM {name}")


def test_a_commit_may_be_tried(connection: psycopg.Connection) -> None:
    """As whoever looks after a store does when one was not confirmed."""
    assert not refused(connection, TRIAL)
