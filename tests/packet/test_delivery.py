"""Packets are brought to `packet_dir` at least once, whole, under one name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.fakes.runs import LittleWorld
from tests.ledger.samples import whole_run

from runbook_gate.delivery import deliver, undelivered
from runbook_gate.errors import Undelivered
from runbook_gate.ledger import Finished


@pytest.fixture
def finished(world: LittleWorld) -> Finished:
    world.submit("task-1", "payments-one")
    world.waive("task-1", {"id": "EXC-311", "status": "open"})
    return world.run("task-1")


def test_both_forms_are_written_and_the_same_again(world: LittleWorld, finished: Finished, tmp_path: Path) -> None:
    folder = tmp_path / "out" / "packets"
    with world.open() as store:
        deliver(store, finished.packet, folder)
        first = {path.name: path.read_bytes() for path in folder.iterdir()}
        deliver(store, finished.packet, folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == first
    assert set(first) == {f"{finished.packet}.json", f"{finished.packet}.md"}
    assert json.loads(first[f"{finished.packet}.json"]) == json.loads(finished.record)
    assert first[f"{finished.packet}.md"].startswith(f"# Escalation {finished.packet}\n".encode())
    assert folder.stat().st_mode & 0o777 == 0o700


def test_without_a_folder_it_stays_in_the_store(world: LittleWorld, finished: Finished, tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    with world.open() as store:
        deliver(store, finished.packet, None)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_folder_that_cannot_be_written_is_told_and_tried_again(
    world: LittleWorld, finished: Finished, tmp_path: Path
) -> None:
    folder = tmp_path / "elsewhere"
    folder.write_text("a file in its place")
    with world.open() as store:
        with pytest.raises(Undelivered, match="packet_dir") as caught:
            deliver(store, finished.packet, folder)
        assert caught.value.exit_status == 12
        assert f"runbook-gate escalations show {finished.packet}" in caught.value.advice
        folder.unlink()
        deliver(store, finished.packet, folder)
    assert (folder / f"{finished.packet}.md").is_file()


def test_a_completed_run_has_none(world: LittleWorld, tmp_path: Path) -> None:
    world.submit("task-2", "payments-two")
    completed = world.run("task-2")
    with world.open() as store:
        deliver(store, completed.packet, tmp_path / "elsewhere")
    assert not (tmp_path / "elsewhere").exists()


def test_no_packet_is_forgotten_behind_many_that_nobody_acknowledged(
    world: LittleWorld, finished: Finished, tmp_path: Path
) -> None:
    with world.open() as store:
        made = [whole_run(store, number, target=f"elsewhere/{number}", kind="escalated") for number in range(1, 102)]
        assert sorted(undelivered(store, tmp_path / "packets")) == sorted(str(one.packet) for one in made)
