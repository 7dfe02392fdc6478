"""An upgrade leads to exactly the tables of the program, or is undone; in a file and on a server."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text
from tests.fakes.clock import ManualClock
from tests.ledger.migrations import toys
from tests.ledger.migrations.stores import FIRST, Database, File, OnServer, version_1
from tests.ledger.samples import EXECUTOR, start, task
from tests.postgresql import PostgresServer

from runbook_gate.errors import LedgerBroken, LedgerFault, LedgerUnwritable
from runbook_gate.ledger import Store, tables
from runbook_gate.ledger.database import Place
from runbook_gate.ledger.migrations import RELEASED, Examined, Revisions, alone, examine, looking, upgrade

RECORD = ("journal", "evidence", "entries", "packets", "runs", "leases")


def opened(place: Place, busy_ms: int = 5000) -> Store:
    return Store.open(place, clock=ManualClock(), executor=EXECUTOR, allow_unfit=True, busy_ms=busy_ms)


def upgraded(database: Database, revisions: Revisions = RELEASED, upto: int | None = None) -> list[str]:
    told: list[str] = []

    def add(revision: object) -> None:
        told.append(revision.id)  # type: ignore[attr-defined]

    with alone(database.place, busy_ms=50) as connection:
        upgrade(connection, database.place, ManualClock(), revisions=revisions, upto=upto, told=add)
    return told


def examined(database: Database, revisions: Revisions = RELEASED) -> Examined:
    with looking(database.place) as connection:
        return examine(connection, database.place, revisions)


def everything(database: Database) -> tuple[list[str], dict[str, list[tuple[object, ...]]]]:
    return database.schema(), {table: database.contents(table) for table in FIRST}


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
        (toys.LOSING, LedgerBroken, "did not lead to the tables of this program .add_table packets"),
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


# --- who is there at the same time ---


def test_nothing_is_upgraded_while_a_run_is_held(old: Database, tmp_path: Path) -> None:
    """In a file not even while another process is idle: its program would go on with tables that it does not know."""
    upgraded(old)
    revisions, before = toys.revisions(tmp_path / "toys"), old.schema()
    with opened(old.place) as store:
        lease = start(store, target="another")
        with pytest.raises(LedgerUnwritable, match=r"keeps the store locked|1 run.s. are held, .* by host/1/a"):
            upgraded(old, revisions)
        assert old.schema() == before
        store.leases.release(lease)
    assert upgraded(old, revisions) == [f"{toys.NEXT:04}"]


def test_an_idle_executor_in_a_file_is_waited_for(tmp_path: Path) -> None:
    old = version_1(tmp_path / "old.sqlite")
    upgraded(old)
    with opened(old.place) as store:
        store.tasks.due()
        with pytest.raises(LedgerUnwritable, match="keeps the store locked"):
            upgraded(old, toys.revisions(tmp_path / "toys"))


def test_an_idle_executor_on_a_server_records_nothing_after_an_upgrade(old_on_server: OnServer, tmp_path: Path) -> None:
    old = old_on_server
    upgraded(old)
    acts: list[Callable[[Store], object]] = [
        lambda store: store.tasks.submit(task(7)),
        lambda store: store.pauses.pause("freeze", actor="leah"),
        lambda store: store.evidence.put(b"some"),
    ]
    with opened(old.place) as store:
        store.tasks.due()
        upgraded(old, toys.revisions(tmp_path / "toys"))
        before = everything(old)
        for act in acts:
            with pytest.raises(LedgerFault, match=f"version {toys.NEXT} of the tables, this program needs"):
                act(store)
        assert everything(old) == before


def test_an_executor_that_comes_meanwhile_is_refused_or_waits(old: Database) -> None:
    upgraded(old)
    with alone(old.place), pytest.raises(LedgerUnwritable, match="another process keeps the store locked"):
        opened(old.place, busy_ms=50)


def test_two_at_once_do_it_once(empty: Database) -> None:
    with alone(empty.place) as connection:
        upgrade(connection, empty.place, ManualClock())
        with pytest.raises(LedgerUnwritable, match="keeps the store locked"):
            upgraded(empty)
    assert upgraded(empty) == []


# --- what is no store, or not quite ---

CHANGES = {
    "DROP INDEX tasks_by_state": "add_index tasks_by_state",
    "CREATE INDEX cat ON tasks (state)": "remove_index cat",
    "ALTER TABLE tasks ADD COLUMN cat VARCHAR": "remove_column tasks cat",
    "CREATE TABLE cats (name VARCHAR)": "remove_table cats",
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_somebody_changed_by_other_means_shows(old: Database, change: str) -> None:
    upgraded(old)
    old.execute(change)
    found = examined(old)
    assert (found.current, list(found.differences)) == (False, [CHANGES[change]])


def test_a_trigger_that_is_gone_or_another_one_shows(old: Database) -> None:
    upgraded(old)
    if isinstance(old, OnServer):
        old.execute("DROP TRIGGER entries_no_delete ON entries", "ALTER TABLE runs DISABLE TRIGGER runs_one_way")
        wanted = ["trigger entries_no_delete is missing", "trigger runs_one_way is missing"]
    else:
        harmless = "CREATE TRIGGER {} AFTER INSERT ON tasks BEGIN SELECT 1; END"
        old.execute("DROP TRIGGER entries_no_delete", "DROP TRIGGER tasks_no_delete")
        old.execute(harmless.format("tasks_no_delete"), harmless.format("cat"))
        wanted = [
            "trigger entries_no_delete is missing",
            "trigger cat is left over",
            "trigger tasks_no_delete is another one",
        ]
    assert list(examined(old).differences) == wanted


def test_what_is_no_store_is_left_alone(empty: Database) -> None:
    empty.execute("CREATE TABLE cats (name VARCHAR)")
    before = empty.schema()
    with pytest.raises(LedgerFault, match="not a store of runbook-gate"):
        upgraded(empty)
    assert empty.schema() == before


def test_a_store_that_was_never_finished_is_left_alone(old: Database) -> None:
    on = " ON store" if isinstance(old, OnServer) else ""
    old.execute(f"DROP TRIGGER store_no_delete{on}", "DELETE FROM store")
    for act in (upgraded, examined):
        with pytest.raises(LedgerFault, match="never finished"):
            act(old)


def test_an_executor_makes_no_tables_on_a_server(server: PostgresServer) -> None:
    empty = OnServer(server)
    for read_only in (False, True):
        with pytest.raises(LedgerFault, match="the database is empty") as refused:
            Store.open(empty.place, clock=ManualClock(), executor=EXECUTOR, read_only=read_only)
        assert re.search("runbook-gate db upgrade", refused.value.advice)
    assert not [sql for sql in empty.schema() if sql.startswith("CREATE TABLE")]
