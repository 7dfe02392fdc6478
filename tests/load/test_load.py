"""The load itself, small: workers on the real parts, and nothing is wrong; and what a full store is filled with."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from tests.fakes.runs import LittleWorld
from tests.load.faults import Crowd
from tests.load.filling import fill
from tests.load.judging import Ended, ended_in, misdone
from tests.load.loading import load
from tests.load.place import place

from runbook_gate.gate.bundle import Bundle
from runbook_gate.gate.sidecar import Sidecar
from runbook_gate.stores import store_place


@pytest.mark.whole
@pytest.mark.scenario
@pytest.mark.parametrize("postgresql", [True, False], ids=["on a server", "in a file"])
def test_two_workers_carry_out_eight_tasks(tmp_path: Path, postgresql: bool) -> None:
    with place(tmp_path, postgresql=postgresql, namespaces=4) as here:
        told = load(here, 2, Crowd(here, 2 if postgresql else 1, 2))
    assert told["wrong"] == []
    assert told["outcomes"] == {"complete": 8}
    assert told["latency"]["run"]["count"] == 8


@pytest.fixture
def world(tmp_path: Path, bundle: Bundle, sidecar: Sidecar) -> LittleWorld:
    """Two targets: the run of one completed, that of the other escalated and was resolved."""
    made = LittleWorld(tmp_path, bundle, sidecar)
    made.submit("task-0", "payments-0")
    made.run("task-0")
    made.submit("task-1", "payments-1")
    made.waive("task-1", {"id": "EXC-1", "status": "open"})
    packet = made.run("task-1").packet
    with made.open() as store:
        store.escalations.resolve(str(packet), actor="leah", note="done")
    return made


def test_how_runs_ended_is_read_from_their_records(world: LittleWorld) -> None:
    code = "waiver_absence.open_waiver"
    with world.open() as store:
        ended = sorted(ended_in(store), key=lambda one: one.task)
    assert ended == [Ended("task-0", "complete"), Ended("task-1", "escalated", frozenset({code}))]
    assert misdone(["task-0", "task-1"], ended, {}) == [f"the run of task task-1 is escalated for ['{code}']"]


def test_copies_come_before_the_run_of_their_target(world: LittleWorld) -> None:
    """Of 1,004 copies for 500 targets the first two have two more: a copy of each run in every turn."""
    assert fill(store_place(world.settings), 1004) == 1006
    world.submit("task-2", "payments-0")
    assert world.run("task-2").outcome == "complete"  # the chain of the run before it is intact
    with world.open() as store:
        runs = store.runs.list(limit=None)
    made = Counter(run.target_key.rsplit("/", 1)[1] for run in runs)
    assert (made.pop("payments-0"), made.pop("payments-1")) == (6, 5)
    assert set(made.values()) == {2}
    assert len(made) == 498
