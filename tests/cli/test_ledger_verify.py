"""`ledger verify`: one line a chain, and 13 when anything is not as it was appended."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from tests.cli.conftest import Call
from tests.fakes.runs import LittleWorld


def tamper(world: LittleWorld, statement: str) -> None:
    """Change the store as its owner could, past the triggers."""
    with closing(sqlite3.connect(world.settings.store)) as connection, connection:
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
    assert "Result: the head is not in this store: entries were lost or rewritten" in lost.out
    assert call("ledger", "verify", "--head", "ab" * 32, "-o", "json").document["head"]["chain"] is None


@pytest.mark.parametrize("head", ["abc", "AB" * 32, "zz" * 32])
def test_a_head_that_is_none(call: Call, completed: LittleWorld, head: str) -> None:
    refused = call("ledger", "verify", "--head", head)
    assert (refused.status, refused.out) == (2, "")
    assert "expected 64 hexadecimal digits" in refused.err


def test_one_run(call: Call, completed: LittleWorld) -> None:
    [run] = call("status", "-o", "json").document["runs"]
    told = call("ledger", "verify", "--run", run["id"], "-o", "json").document
    assert [chain["chain"] for chain in told["chains"]] == [run["id"]]
    assert call("ledger", "verify", "--run", "nope").status == 2


def test_a_file_that_is_no_ledger(call: Call, world: LittleWorld) -> None:
    world.settings.store.write_bytes(b"no database at all, but long enough to look like one" * 100)
    refused = call("ledger", "verify", "-o", "json")
    assert (refused.status, refused.document["error"]["exit_status"]) == (13, 13)


def test_a_ledger_that_is_not_there(call: Call, world: LittleWorld) -> None:
    refused = call("ledger", "verify", "-o", "json")
    assert (refused.status, refused.document["error"]["kind"]) == (2, "UsageFault")
    assert not world.settings.store.exists()
