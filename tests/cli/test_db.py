"""`db check`, `db upgrade`, and every command that opens a store of another version: nothing is done."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import click
import pytest
from tests.cli.conftest import Call
from tests.cli.test_help import LEAVES
from tests.export.conftest import key_pair
from tests.fakes.runs import LittleWorld
from tests.ledger.migrations.stores import File, version_1

from runbook_gate.ledger import tables
from runbook_gate.resources import policies

NEEDED = tables.VERSION

# Every command that opens a store, with what it asks for besides.
OPENING = {
    "submit": "task.yaml",
    "run": "task-1",
    "withdraw": "task-1",
    "pause": "--reason freeze",
    "unpause": "",
    "status": "",
    "show": "task-1",
    "escalations list": "",
    "escalations show": "esc-1",
    "escalations ack": "esc-1 --note seen",
    "escalations resolve": "esc-1 --note done",
    "notifications list": "",
    "notifications retry": "--all",
    "work": "--until-empty",
    "ledger verify": "",
    "ledger reconcile": "--audit audit.log",
    "ledger seal": "--key signer.key --out seal",
    "policy explain": "no-such-run",
    "policy archive list": "",
    "policy archive get": "01234567 --out bundle",
    "policy archive add": "bundle.tar.gz",
    "policy impact": "--base {policies} --head {policies} --fixtures .",
    "replay": "no-such-run",
    "evidence export": "no-such-run --out run.tar.gz",
    "query runs": "",
    "query writes": "payments-one",
    "query retries": "",
    "query policy": "01234567",
    "query figures": "",
    "runbook show": "--run no-such-run",
    "doctor": "",
    "store backup": "backup.sqlite",
    "store mark-restored": "",
}
NOT_OPENING = {"config show", "db check", "db upgrade", "store restore"}


def set_version(path: Path, version: int) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(f"DROP TRIGGER store_no_update; UPDATE store SET version = {version}")


def test_these_are_all_the_commands_that_open_a_store() -> None:
    taking = {words for words, command in LEAVES.items() if any(one.name == "store" for one in options(command))}
    assert taking == OPENING.keys() | NOT_OPENING


def options(command: click.Command) -> list[click.Option]:
    return [one for one in command.params if isinstance(one, click.Option)]


@pytest.mark.parametrize(
    ("version", "mend"),
    [(NEEDED - 1, "Run `runbook-gate db upgrade`"), (NEEDED + 1, "or a newer one. Nothing was done")],
)
@pytest.mark.parametrize("words", OPENING)
def test_every_command_says_so_and_does_nothing(
    call: Call, world: LittleWorld, words: str, version: int, mend: str
) -> None:
    world.submit("task-1", "payments-one")
    task = next((world.folder / "task-1").glob("task*"), world.folder / "task-1" / "task.yaml")
    key_pair(world.folder, "signer")
    set_version(world.settings.store_file, version)
    before = {path: path.read_bytes() for path in world.folder.rglob("*") if path.is_file() and "-" not in path.suffix}
    given = OPENING[words].format(policies=policies()).replace("task.yaml", str(task)).split()
    refused = call(*words.split(), *given, "-o", "json")
    if words == "doctor":
        [finding] = [one for one in refused.document["findings"] if one["name"] == "ledger"]
        assert (refused.status, finding["fit"]) == (1, False)
        message, advice = finding["told"], finding["remedy"]
    else:
        error = refused.document["error"]
        assert (refused.status, error["exit_status"]) == (13, 13)
        message, advice = error["message"], error["advice"]
    assert f"has version {version} of the tables, this program needs {NEEDED}" in message
    assert mend in advice
    assert {path: path.read_bytes() for path in before} == before
    assert world.server.audit == []


# --- db ---


@pytest.fixture
def old(tmp_path: Path, call: Call) -> File:
    """A store of the first release, which the command line finds."""
    (tmp_path / "runbook-gate.toml").write_text('store = "ledger.sqlite"\n')
    return version_1(tmp_path / "ledger.sqlite")


def test_an_older_store_is_checked_planned_upgraded_and_verified(call: Call, old: File) -> None:
    checked = call("db", "check", "-o", "json")
    assert (checked.status, checked.document["version"], checked.document["current"]) == (13, 1, False)
    assert "Run `runbook-gate db upgrade`" in checked.document["advice"]
    before = old.schema()
    planned = call("db", "upgrade", "--plan")
    assert (planned.status, planned.out.splitlines()[:2]) == (
        0,
        ["Would do:", "  0002  Tasks can be claimed, for a while, by a worker."],
    )
    assert old.schema() == before
    upgraded = call("db", "upgrade", "-o", "json")
    assert upgraded.status == 0
    assert upgraded.document == {
        "store": str(old.place),
        "version": 1,
        "needed": NEEDED,
        "revisions": planned_revisions(call) or upgraded.document["revisions"],
        "upgraded": True,
    }
    assert "  0002  Tasks can be claimed" in upgraded.err
    assert call("db", "check").status == 0
    assert call("ledger", "verify").out.splitlines()[-1] == "Result: chain consistent"
    assert call("db", "upgrade").out == "There is nothing to do.\n"


def planned_revisions(call: Call) -> list[dict[str, str]]:
    revisions: list[dict[str, str]] = call("db", "upgrade", "--plan", "-o", "json").document["revisions"]
    return revisions


def test_a_newer_store_is_left_alone(call: Call, old: File) -> None:
    set_version(old.place, NEEDED + 1)
    before = old.schema()
    checked, upgraded = call("db", "check"), call("db", "upgrade", "-o", "json")
    assert (checked.status, upgraded.status) == (13, 13)
    assert "Use the release of runbook-gate that upgraded the store, or a newer one" in checked.out
    assert "or a newer one" in upgraded.document["error"]["advice"]
    assert old.schema() == before


def test_tables_that_somebody_changed_show(call: Call, old: File) -> None:
    assert call("db", "upgrade").status == 0
    old.execute("DROP TRIGGER entries_no_update", "ALTER TABLE tasks ADD COLUMN cat VARCHAR")
    checked = call("db", "check", "-o", "json")
    assert checked.status == 13
    assert checked.document["differences"] == ["remove_column tasks cat", "trigger entries_no_update is missing"]
    assert "compare the store with a backup" in checked.document["advice"]


def test_a_file_that_is_not_there_is_not_made(call: Call, tmp_path: Path) -> None:
    for words in ("check", "upgrade"):
        assert call("db", words, "--store", "none.sqlite").status == 2
    assert not (tmp_path / "none.sqlite").exists()
