"""Nothing is upgraded while somebody else has the store, and nothing that is no store, or is another one by now."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.fakes.clock import ManualClock
from tests.ledger.migrations import toys
from tests.ledger.migrations.acts import everything, examined, opened, upgraded
from tests.ledger.migrations.stores import Database, OnServer, version_1
from tests.ledger.samples import EXECUTOR, start, task
from tests.postgresql import PostgresServer

from runbook_gate.errors import LedgerFault, LedgerOfAnotherVersion, LedgerUnwritable
from runbook_gate.exit_statuses import ExitStatus
from runbook_gate.ledger import Store, tables
from runbook_gate.ledger.migrations import alone, upgrade

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
            with pytest.raises(LedgerOfAnotherVersion, match=f"version {toys.NEXT} of the tables, this program needs"):
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


# --- what is of another version when it is opened ---


def older(old: Database, _: Path) -> tuple[int, str]:
    return 1, "runbook-gate db upgrade"


def newer(old: Database, folder: Path) -> tuple[int, str]:
    upgraded(old)
    upgraded(old, toys.revisions(folder / "toys"))
    return toys.NEXT, "Use the release of runbook-gate that upgraded the store, or a newer one"


@pytest.mark.parametrize("read_only", [False, True])
@pytest.mark.parametrize("other", [older, newer])
def test_a_store_of_another_version_is_left_alone(
    old: Database, other: Callable[[Database, Path], tuple[int, str]], read_only: bool, tmp_path: Path
) -> None:
    version, advice = other(old, tmp_path)
    before, needed = everything(old), tables.VERSION
    with pytest.raises(
        LedgerOfAnotherVersion, match=f"has version {version} .* this program needs {needed}"
    ) as refused:
        Store.open(old.place, clock=ManualClock(), executor=EXECUTOR, read_only=read_only, allow_unfit=True, busy_ms=50)
    assert advice in refused.value.advice
    assert refused.value.exit_status == ExitStatus.LEDGER
    assert everything(old) == before


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
