"""The places that heads are brought to, and what is kept back while one of them is not there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.clock import BOOT

from runbook_gate.engine.heads import LONGEST_MESSAGE, Heads
from runbook_gate.errors import LedgerUnwritable
from runbook_gate.ledger import KeptHead
from runbook_gate.models.entry import Entry


def entry(seq: int = 1, *, run: str = "01kq3v", kind: str = "opened", task: str = "restore-psa-0001") -> Entry:
    fields: dict[str, Any] = {
        "schema": 1,
        "run": run,
        "task": task,
        "runbook": "MKS-PSA-Label-Restore-v3",
        "step": "restore",
        "seq": seq,
        "kind": kind,
        "checkpoint": None,
        "attempt": None,
        "actor": "executor",
        "at_ms": 1_784_635_200_000 + seq,
        "boottime_ms": 1,
        "boot_id": BOOT,
        "server_date_ms": None,
        "executor": {"version": "0.1.0", "configuration_sha256": "c" * 64},
        "lease": 1,
        "body": {},
        "prev_sha256": None,
        "sha256": f"{seq:064x}",
    }
    return Entry.model_validate(fields)


def seqs(file: Path) -> list[int | None]:
    """Positions of the heads in a file, in order."""
    heads = [KeptHead.read(line) for line in file.read_text().splitlines() if line]
    return [head.seq if head else None for head in heads]


def told(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_heads_are_added_and_the_message_is_replaced(tmp_path: Path) -> None:
    heads = Heads(tmp_path / "heads", tmp_path / "message")
    for number, kind in ((1, "opened"), (5, "intent"), (9, "completed")):
        heads.publish(entry(number, kind=kind))
        [message] = told(tmp_path / "message")
        outcome = "complete" if kind == "completed" else "unfinished"
        assert (message["run"], message["task"], message["seq"]) == ("01kq3v", "restore-psa-0001", number)
        assert (message["head"], message["outcome"]) == (f"{number:064x}", outcome)
    assert seqs(tmp_path / "heads") == [1, 5, 9]
    heads.settle()


def test_a_message_has_a_line_for_each_run_of_the_process(tmp_path: Path) -> None:
    heads = Heads(None, tmp_path / "message")
    heads.publish(entry(7, run="one", kind="escalated"))
    heads.publish(entry(1, run="two"))
    assert [(one["run"], one["outcome"]) for one in told(tmp_path / "message")] == [
        ("one", "escalated"),
        ("two", "unfinished"),
    ]


def test_a_message_is_never_longer_than_a_kubelet_reads(tmp_path: Path) -> None:
    """The oldest runs give way; lines stay whole."""
    heads = Heads(None, tmp_path / "message")
    for number in range(1, 60):
        heads.publish(entry(number, run=f"run{number:023}", task="t" * 253))
        assert (tmp_path / "message").stat().st_size <= LONGEST_MESSAGE
    runs = [one["seq"] for one in told(tmp_path / "message")]
    assert runs == list(range(60 - len(runs), 60))
    assert len(runs) > 5


def test_a_message_is_written_in_its_place(tmp_path: Path) -> None:
    """What a kubelet mounts there is a file of its own, and cannot be exchanged."""
    message = tmp_path / "message"
    message.write_text("x" * 10_000)
    before = message.stat().st_ino
    Heads(None, message).publish(entry())
    assert (message.stat().st_ino, len(told(message))) == (before, 1)


def test_what_cannot_leave_is_kept_back_and_leaves_with_the_next(tmp_path: Path) -> None:
    file = tmp_path / "heads"
    heads = Heads(file)
    heads.publish(entry(1))
    file.rename(tmp_path / "aside")
    file.mkdir()
    for number in (5, 6):
        heads.publish(entry(number))
    assert heads.problem == f"heads_file {file}: Is a directory."
    with pytest.raises(LedgerUnwritable, match="its head is kept back") as kept:
        heads.settle()
    assert "start the same command again" in kept.value.advice
    file.rmdir()
    (tmp_path / "aside").rename(file)
    heads.publish(entry(9))
    heads.settle()
    assert seqs(file) == [1, 5, 6, 9]


def test_one_place_that_fails_does_not_keep_the_other_waiting(tmp_path: Path) -> None:
    (tmp_path / "message").mkdir()
    heads = Heads(tmp_path / "heads", tmp_path / "message")
    heads.publish(entry(1))
    assert heads.problem == f"termination_message {tmp_path / 'message'}: Is a directory."
    (tmp_path / "message").rmdir()
    heads.settle()
    assert (seqs(tmp_path / "heads"), told(tmp_path / "message")[0]["seq"]) == ([1], 1)


@pytest.mark.parametrize("setting", ["heads_file", "termination_message"])
def test_a_place_that_cannot_be_written_is_found_before(tmp_path: Path, setting: str) -> None:
    place = tmp_path / "nowhere" / "file"
    heads = Heads(place) if setting == "heads_file" else Heads(None, place)
    with pytest.raises(LedgerUnwritable, match=f"{setting} {place}: No such file or directory.") as refused:
        heads.check()
    assert refused.value.exit_status == 13
    place.parent.mkdir()
    heads.check()


def test_without_places_nothing_is_kept() -> None:
    heads = Heads(None)
    heads.check()
    heads.publish(entry())
    heads.settle()
    assert (heads.configured, heads.problem) == (False, None)
