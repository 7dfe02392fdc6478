"""An upgrade leads to exactly the tables of the program, or is undone; in a file and on a server."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text
from tests.ledger.migrations import toys
from tests.ledger.migrations.acts import everything, examined, opened, upgraded
from tests.ledger.migrations.stores import Database, File, OnServer, version_1
from tests.ledger.samples import start
from tests.postgresql import PostgresServer

from runbook_gate.errors import LedgerBroken, LedgerFault
from runbook_gate.ledger import tables
from runbook_gate.ledger.migrations import RELEASED, alone, looking

RECORD = ("journal", "evidence", "entries", "packets", "runs", "leases")


# --- what the revisions lead to ---


def test_the_first_revision_is_what_the_first_release_made(tmp_path: Path) -> None:
    empty = File(tmp_path / "empty.sqlite")
    assert upgraded(empty, upto=1) == ["0001"]
    assert empty.schema() == version_1(tmp_path / "old.sqlite").schema()


def test_the_newest_revision_leads_to_the_version_that_the_program_needs() -> None:
    assert [revision.version for revision in RELEASED.all()] == list(range(1, tables.VERSION + 1))


def test_revisions_lead_to_the_tables_of_the_program(empty: Database, old: Database) -> None:
    """Whoever changes tables.py or triggers.py without a revision, or the other way round, sees it here."""
    for database in (empty, old):
        upgraded(database)
        found = examined(database)
        assert (found.version, list(found.differences), found.current) == (tables.VERSION, [], True)


def test_an_upgraded_file_has_the_triggers_of_one_that_is_made_by_itself(tmp_path: Path) -> None:
    opened(tmp_path / "new.sqlite").close()
    old = version_1(tmp_path / "old.sqlite")
    upgraded(old)
    made = File(tmp_path / "new.sqlite").schema()
    assert [sql for sql in old.schema() if "TRIGGER" in sql] == [sql for sql in made if "TRIGGER" in sql]


def test_a_server_has_what_the_tables_of_the_program_would_be(server: PostgresServer, old_on_server: OnServer) -> None:
    """To the letter of pg_dump, but for the order of columns."""
    empty, direct = OnServer(server), OnServer(server)
    upgraded(empty)
    upgraded(old_on_server)
    with alone(direct.place) as connection:
        tables.metadata.create_all(connection)
    wanted = normal(direct.schema())
    assert (normal(empty.schema()), normal(old_on_server.schema())) == (wanted, wanted)


def normal(statements: list[str]) -> list[list[str]]:
    return sorted(sorted(line.strip(" ,") for line in statement.splitlines()) for statement in statements)


# --- what becomes of what is there ---


def test_a_store_of_the_first_release_is_consistent_afterwards(old: Database) -> None:
    before = {table: old.contents(table) for table in RECORD}
    assert upgraded(old) == [f"{version:04}" for version in range(2, tables.VERSION + 1)]
    assert {table: old.contents(table) for table in RECORD} == before
    with opened(old.place) as made:
        found = made.verify()
        assert (found.result, len(found.chains)) == ("chain consistent", 4)
        assert {status.id: status.state for status in made.tasks.list()} == {
            "complete": "finished",
            "escalated": "finished",
            "open": "active",
            "queued": "queued",
            "withdrawn": "finished",
        }
        assert made.runs.entries(start(made, target="another").run)


@pytest.mark.parametrize(
    ("done", "state"),
    [((), "open"), (("acknowledged",), "acknowledged"), (("acknowledged", "resolved"), "resolved")],
)
def test_an_escalation_is_indexed_as_the_chain_says(old: Database, done: tuple[str, ...], state: str) -> None:
    [packet] = [row[0] for row in old.contents("packets")]
    for number, kind in enumerate(done, start=100):
        old.execute(f"INSERT INTO journal VALUES ({number}, '{kind}', '{packet}', '{number}', '')")
    old.execute(f"INSERT INTO journal VALUES (200, 'resolved', 'another-{packet}', '200', '')")
    upgraded(old)
    assert old.contents("escalations") == [(packet, state)]


def test_a_further_revision_keeps_every_row_and_every_trigger(old: Database, tmp_path: Path) -> None:
    upgraded(old)
    revisions = toys.revisions(tmp_path / "toys")
    before = {table: old.contents(table) for table in RECORD}
    triggers = [sql for sql in old.schema() if sql.startswith("CREATE TRIGGER")]
    assert triggers
    assert upgraded(old, revisions) == [f"{toys.NEXT:04}"]
    assert {table: old.contents(table) for table in before} == before
    assert [sql for sql in old.schema() if sql.startswith("CREATE TRIGGER")] == triggers
    assert examined(old, revisions).current
    with looking(old.place) as connection:
        assert set(connection.execute(text("SELECT owner FROM tasks")).scalars()) == {"nobody"}
    with pytest.raises(LedgerFault, match=f"version {toys.NEXT} of the tables, this program needs {tables.VERSION}"):
        opened(old.place)


@pytest.mark.parametrize(
    ("revision", "fault", "words"),
    [
        (toys.FAILING, LedgerBroken, "a rule of the database refused"),
        (toys.FORGETFUL, LedgerBroken, "did not lead to the tables of this program .modify_nullable tasks owner"),
        (toys.LOSING, LedgerBroken, "did not lead to the tables of this program .add_table leases"),
        (toys.ASTRAY, LedgerBroken, "1 rows name a row that is not there, the first in letters|a rule of the database"),
    ],
)
def test_an_upgrade_that_fails_is_undone(
    old: Database, tmp_path: Path, revision: str, fault: type[LedgerFault], words: str
) -> None:
    upgraded(old)
    before = everything(old)
    with pytest.raises(fault, match=words):
        upgraded(old, toys.revisions(tmp_path / "toys", revision))
    assert everything(old) == before
    assert examined(old).current
