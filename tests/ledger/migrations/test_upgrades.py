"""An upgrade leads to exactly the tables of the program, or is undone."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text
from tests.fakes.clock import ManualClock
from tests.ledger.migrations import toys
from tests.ledger.migrations.stores import contents, schema, version_1
from tests.ledger.samples import EXECUTOR, start

from runbook_gate.errors import LedgerBroken, LedgerFault, LedgerUnwritable
from runbook_gate.ledger import Store, tables
from runbook_gate.ledger.migrations import RELEASED, Revisions, alone, examine, looking, upgrade

RECORD = ("store", "journal", "evidence", "entries", "packets", "runs", "leases")


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    file = tmp_path / "empty.sqlite"
    file.touch()
    return file


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return version_1(tmp_path / "old.sqlite")


def upgraded(path: Path, revisions: Revisions = RELEASED, upto: int | None = None) -> list[str]:
    told: list[str] = []
    with alone(path, busy_ms=50) as connection:
        upgrade(
            connection,
            path,
            ManualClock(),
            revisions=revisions,
            upto=upto,
            told=lambda revision: told.append(revision.id),
        )
    return told


def test_the_first_revision_is_what_the_first_release_made(empty: Path, old: Path) -> None:
    assert upgraded(empty, upto=1) == ["0001"]
    assert schema(empty) == schema(old)


def test_the_newest_revision_leads_to_the_version_that_the_program_needs() -> None:
    assert RELEASED.all()[-1].version == tables.VERSION
    assert [revision.version for revision in RELEASED.all()] == list(range(1, tables.VERSION + 1))


def test_a_store_that_is_made_by_itself_is_as_an_upgraded_one(path: Path, store: Store, empty: Path, old: Path) -> None:
    """Whoever changes tables.py or triggers.py without a revision, or the other way round, sees it here."""
    for file in (empty, old):
        upgraded(file)
    for file in (path, empty, old):
        with looking(file) as connection:
            found = examine(connection, file)
            assert (found.version, list(found.differences), found.current) == (tables.VERSION, [], True)


def test_a_store_of_the_first_release_is_consistent_afterwards(old: Path, clock: ManualClock) -> None:
    before = {table: len(contents(old, table)) for table in (*RECORD, "tasks")}
    assert upgraded(old) == [f"{version:04}" for version in range(2, tables.VERSION + 1)]
    assert {table: len(contents(old, table)) for table in before} == before
    with Store.open(old, clock=clock, executor=EXECUTOR, allow_unfit=True) as made:
        found = made.verify()
        assert (found.result, len(found.chains)) == ("chain consistent", 4)
        assert [task.id for task in made.tasks.due()] == ["open", "queued"]
        assert made.runs.entries(start(made, target="another").run)


def test_a_further_revision_keeps_every_row_and_every_trigger(old: Path, tmp_path: Path) -> None:
    upgraded(old)
    revisions = toys.revisions(tmp_path / "toys")
    before = {table: contents(old, table) for table in RECORD if table != "store"}
    triggers = [sql for sql in schema(old) if sql.startswith("CREATE TRIGGER")]
    assert upgraded(old, revisions) == [f"{toys.NEXT:04}"]
    assert {table: contents(old, table) for table in before} == before
    assert [sql for sql in schema(old) if sql.startswith("CREATE TRIGGER")] == triggers
    with looking(old) as connection:
        assert examine(connection, old, revisions).current
        assert set(connection.execute(text("SELECT owner FROM tasks")).scalars()) == {"nobody"}
    with pytest.raises(LedgerFault, match=f"version {toys.NEXT} of the tables, this program needs {tables.VERSION}"):
        Store.open(old, clock=ManualClock(), executor=EXECUTOR, allow_unfit=True)


@pytest.mark.parametrize(
    ("revision", "fault", "words"),
    [
        (toys.FAILING, LedgerBroken, "a rule of the database refused"),
        (toys.FORGETFUL, LedgerFault, ""),
        (toys.LOSING, LedgerBroken, "did not lead to the tables of this program .add_table packets"),
        (toys.ASTRAY, LedgerBroken, "1 rows name a row that is not there, the first in letters"),
    ],
)
def test_an_upgrade_that_fails_is_undone(
    old: Path, tmp_path: Path, revision: str, fault: type[LedgerFault], words: str
) -> None:
    upgraded(old)
    before = schema(old), {table: contents(old, table) for table in (*RECORD, "tasks")}
    with pytest.raises(fault, match=words):
        upgraded(old, toys.revisions(tmp_path / "toys", revision))
    assert (schema(old), {table: contents(old, table) for table in (*RECORD, "tasks")}) == before
    with looking(old) as connection:
        assert examine(connection, old).current


def test_nothing_is_upgraded_while_another_process_has_the_store_open(path: Path, store: Store, tmp_path: Path) -> None:
    """Not even one that is idle: its program would go on with tables that it does not know."""
    start(store)
    before = schema(path)
    revisions = toys.revisions(tmp_path / "toys")
    with pytest.raises(LedgerUnwritable, match="another process keeps the store locked"):
        upgraded(path, revisions)
    assert schema(path) == before
    store.close()
    assert upgraded(path, revisions) == [f"{toys.NEXT:04}"]


def test_an_executor_that_opens_the_store_meanwhile_is_refused(old: Path, clock: ManualClock) -> None:
    with alone(old) as connection:
        upgrade(connection, old, clock)
        with pytest.raises(LedgerUnwritable, match="another process keeps the store locked"):
            Store.open(old, clock=clock, executor=EXECUTOR, allow_unfit=True, busy_ms=50)


CHANGES = {
    "DROP TRIGGER entries_no_delete": "trigger entries_no_delete is missing",
    "CREATE TRIGGER cat AFTER INSERT ON tasks BEGIN SELECT 1; END": "trigger cat is left over",
    "DROP TRIGGER tasks_no_delete; CREATE TRIGGER tasks_no_delete AFTER INSERT ON tasks BEGIN SELECT 1; END": (
        "trigger tasks_no_delete is another one"
    ),
    "DROP INDEX tasks_by_state": "add_index tasks_by_state",
    "CREATE INDEX cat ON tasks (state)": "remove_index cat",
    "ALTER TABLE tasks ADD COLUMN cat VARCHAR": "remove_column tasks cat",
    "CREATE TABLE cats (name VARCHAR)": "remove_table cats",
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_somebody_changed_by_other_means_shows(old: Path, change: str) -> None:
    upgraded(old)
    with closing(sqlite3.connect(old)) as connection, connection:
        connection.executescript(change)
    with looking(old) as looked:
        found = examine(looked, old)
    assert (found.current, list(found.differences)) == (False, [CHANGES[change]])


def test_what_is_no_store_is_left_alone(tmp_path: Path) -> None:
    other = tmp_path / "other.sqlite"
    with closing(sqlite3.connect(other)) as connection, connection:
        connection.execute("CREATE TABLE cats (name)")
    with pytest.raises(LedgerFault, match="not a store of runbook-gate"):
        upgraded(other)
    assert schema(other) == ["CREATE TABLE cats (name)"]


def test_a_store_that_was_never_finished_is_left_alone(old: Path) -> None:
    with closing(sqlite3.connect(old)) as connection, connection:
        connection.executescript("DROP TRIGGER store_no_delete; DELETE FROM store")
    with pytest.raises(LedgerFault, match="never finished"):
        upgraded(old)
