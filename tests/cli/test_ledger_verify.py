"""`ledger verify`: one line a chain, and 13 when anything is not as it was appended."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from tests.cli.conftest import Call
from tests.fakes.runs import LittleWorld


def tamper(world: LittleWorld, statement: str) -> None:
    """Change the store as its owner could, past the triggers."""
    with closing(sqlite3.connect(world.settings.store_file)) as connection, connection:
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")]
        for name in names:
            connection.execute(f'DROP TRIGGER "{name}"')
        assert connection.execute(statement).rowcount > 0


def test_a_consistent_ledger(call: Call, completed: LittleWorld) -> None:
    verified = call("ledger", "verify")
    assert verified.status == 0
    header, run, store, empty, result = verified.out.splitlines()
    assert header.split() == ["CHAIN", "ENTRIES", "RESULT", "HEAD"]
    assert run.split()[1] == "15"
    assert store.split()[:2] == ["store", "1"]
    assert (empty, result) == ("", "Result: chain consistent")
    with completed.open() as opened:
        assert opened.runs.list()[0].head in run
    told = call("ledger", "verify", "-o", "json").document
    assert (told["result"], told["consistent"]) == ("chain consistent", True)
    assert [chain["entries"] for chain in told["chains"]] == [15, 1]


def test_a_broken_chain_names_the_first_broken_entry(call: Call, completed: LittleWorld) -> None:
    tamper(completed, "UPDATE entries SET data = replace(data, 'gather', 'gothic') WHERE seq = 3")
    verified = call("ledger", "verify")
    assert verified.status == 13
    assert "chain broken: altered at 3" in verified.out
    told = call("ledger", "verify", "-o", "json")
    assert told.status == 13
    assert told.document["consistent"] is False
    assert told.document["chains"][0]["broken"] == {"seq": 3, "fault": "altered"}


def test_missing_evidence_is_named(call: Call, completed: LittleWorld) -> None:
    digest = call("show", "task-1", "-o", "json").document["evidence"][0]
    tamper(completed, f"DELETE FROM evidence WHERE sha256 = '{digest}'")
    verified = call("ledger", "verify")
    assert verified.status == 13
    assert f": {digest}" in verified.out
    assert "Evidence missing in " in verified.out


def test_a_head_that_was_kept_elsewhere(call: Call, completed: LittleWorld) -> None:
    moments = call("show", "task-1", "-o", "json").document["timeline"]
    found = call("ledger", "verify", "--head", moments[4]["sha256"])
    assert found.status == 0
    assert f"Head {moments[4]['sha256']} is entry 5 of " in found.out
    assert "; 10 later.\n" in found.out


def test_a_head_that_is_lost(call: Call, completed: LittleWorld) -> None:
    lost = call("ledger", "verify", "--head", "ab" * 32)
    assert lost.status == 13
    assert "Result: 1 of 1 heads not in this store: entries lost or rewritten" in lost.out
    told = call("ledger", "verify", "--head", "ab" * 32, "-o", "json").document
    assert (told["heads"][0]["chain"], told["heads_lost"], told["consistent"]) == (None, 1, False)


def test_the_head_that_a_run_prints_can_be_given(call: Call, completed: LittleWorld) -> None:
    """Its first 16 digits, as progress and README show it."""
    moments = call("show", "task-1", "-o", "json").document["timeline"]
    printed = [moment["sha256"][:16] for moment in (moments[0], moments[-1])]
    found = call("ledger", "verify", "--head", printed[0], "--head", printed[1])
    assert found.status == 0
    assert f"Head {printed[0]} is entry 1 of " in found.out
    assert f"Head {printed[1]} is entry 15 of " in found.out
    assert "Heads kept elsewhere: 2, of which 0 are not in this ledger." in found.out


def kept(world: LittleWorld) -> Path:
    """A file of heads of two runs."""
    world.settings = world.settings.model_copy(update={"heads_file": world.folder / "heads.txt"})
    for number in (1, 2):
        world.submit(f"task-{number}", f"payments-{number}")
        assert world.run(f"task-{number}").outcome == "complete"
    return world.folder / "heads.txt"


def test_a_file_of_heads(call: Call, world: LittleWorld) -> None:
    heads = kept(world)
    verified = call("ledger", "verify", "--heads", heads)
    assert verified.status == 0
    assert "Heads kept elsewhere: 6, of which 0 are not in this ledger." in verified.out
    [run, _] = call("status", "-o", "json").document["runs"]
    one = call("ledger", "verify", "--heads", heads, "--run", run["id"], "-o", "json").document
    assert len(one["heads"]) == 3


def test_each_lost_head_of_a_file_is_named(call: Call, world: LittleWorld) -> None:
    heads = kept(world)
    lost = [line.split() for line in heads.read_text().splitlines()][4:]
    store = world.settings.store_file
    with closing(sqlite3.connect(store)) as connection, connection:
        for table, name in (("entries", "no_delete"), ("runs", "one_way"), ("tasks", "one_way")):
            connection.execute(f"DROP TRIGGER {table}_{name}")
        run = lost[0][1]
        connection.execute("DELETE FROM entries WHERE run = ? AND seq >= 5", (run,))
        connection.execute(
            "UPDATE runs SET seq = 4, state = 'active', record_sha256 = NULL, head = "
            "(SELECT sha256 FROM entries WHERE run = runs.id AND seq = 4) WHERE id = ?",
            (run,),
        )
        connection.execute("UPDATE tasks SET state = 'active', outcome = NULL WHERE id = 'task-2'")
    assert call("ledger", "verify").status == 0
    verified = call("ledger", "verify", "--heads", heads)
    assert verified.status == 13
    for _, run, seq, digest in lost:
        assert f"Head {digest}, noted as entry {seq} of run {run}, is not in this ledger." in verified.out
    assert "Result: 2 of 6 heads not in this store: entries lost or rewritten" in verified.out


def test_lines_of_a_file_that_are_no_heads_are_counted(call: Call, world: LittleWorld) -> None:
    heads = kept(world)
    heads.write_text("1784635200000 01kq3v 7 abc\n\n" + heads.read_text())
    verified = call("ledger", "verify", "--heads", heads)
    assert verified.status == 0
    assert "Lines of the heads file that are no heads: 1." in verified.out


@pytest.mark.parametrize("content", [None, "", "no heads\n"])
def test_a_file_without_heads_is_no_proof(call: Call, completed: LittleWorld, content: str | None) -> None:
    if content is not None:
        Path("heads.txt").write_text(content)
    refused = call("ledger", "verify", "--heads", "heads.txt")
    assert (refused.status, refused.out) == (2, "")
    assert "heads.txt: " in refused.err


@pytest.mark.parametrize("head", ["abc", "a" * 15, "a" * 65, "AB" * 32, "zz" * 32])
def test_a_head_that_is_none(call: Call, completed: LittleWorld, head: str) -> None:
    refused = call("ledger", "verify", "--head", head)
    assert (refused.status, refused.out) == (2, "")
    assert "expected 16 to 64 hexadecimal digits" in refused.err


def test_one_run(call: Call, completed: LittleWorld) -> None:
    [run] = call("status", "-o", "json").document["runs"]
    told = call("ledger", "verify", "--run", run["id"], "-o", "json").document
    assert [chain["chain"] for chain in told["chains"]] == [run["id"]]
    assert call("ledger", "verify", "--run", "nope").status == 2


def test_a_file_that_is_no_ledger(call: Call, world: LittleWorld) -> None:
    world.settings.store_file.write_bytes(b"no database at all, but long enough to look like one" * 100)
    refused = call("ledger", "verify", "-o", "json")
    assert (refused.status, refused.document["error"]["exit_status"]) == (13, 13)


def test_a_ledger_that_is_not_there(call: Call, world: LittleWorld) -> None:
    refused = call("ledger", "verify", "-o", "json")
    assert (refused.status, refused.document["error"]["kind"]) == (2, "UsageFault")
    assert not world.settings.store_file.exists()
