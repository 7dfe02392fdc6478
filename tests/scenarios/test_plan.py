"""`run TASK-ID --plan`: tells what a run would do, and nothing is written anywhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.scenarios import process
from tests.scenarios.theatre import Theatre

from runbook_gate.demo.stage import APPROVED


@contextmanager
def nothing_written(theatre: Theatre) -> Iterator[None]:
    """Store, heads, packets and cluster are after the block as they were before."""

    def world() -> dict[str, Any]:
        read = theatre.seeder.core.read_namespace(theatre.namespace).metadata
        return {"files": files(theatre.folder), "version": read.resource_version, "writes": theatre.writes()}

    before = world()
    yield
    assert world() == before


def files(folder: Path) -> dict[str, bytes]:
    """Every file, but what SQLite keeps in memory shared between readers."""
    return {
        str(path): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.endswith(("-shm", "-wal"))
    } | {str(path): b"" for path in folder.rglob("*-wal") if path.stat().st_size}


def planned(theatre: Theatre, *options: str) -> tuple[int, str, str]:
    said = process.called(theatre, "run", "task-1", "--plan", *options)
    return said.status, said.out, said.err


@pytest.fixture(autouse=True)
def heads(theatre: Theatre) -> None:
    """Heads would leave to a file beside the store."""
    theatre.settings = theatre.settings.model_copy(update={"heads_file": theatre.folder / "heads.txt"})


def test_a_plan_tells_what_would_be_written_and_writes_nothing(theatre: Theatre) -> None:
    theatre.submit()
    with nothing_written(theatre):
        status, out, err = planned(theatre)
    assert status == 0
    lines = out.splitlines()
    assert lines[0] == "Plan of task task-1: cp1 says proceed, next patch_labels."
    assert lines[1] == f"Would write to namespace {theatre.namespace}:"
    assert {tuple(line.split()) for line in lines[2:8]} == set(APPROVED.items())
    assert lines[-1] == "Nothing was written."
    assert "cp1 revalidation" in err
    assert theatre.run().outcome == "complete"


def test_a_plan_for_programs(theatre: Theatre) -> None:
    theatre.submit()
    with nothing_written(theatre):
        status, out, _ = planned(theatre, "-o", "json")
    plan = json.loads(out)["plan"]
    assert (status, plan["verdict"], plan["next"]["params"]["labels"]) == (0, "proceed", APPROVED)


def test_a_plan_that_would_escalate_makes_no_packet(theatre: Theatre) -> None:
    theatre.state(waivers=({"id": "EXC-311", "status": "open"},))
    theatre.submit()
    with nothing_written(theatre):
        status, out, _ = planned(theatre)
    assert status == 10
    assert "  waiver_absence.open_waiver: " in out
    assert out.endswith("Nothing was written.\n")
    assert theatre.packets() == []
    with theatre.store() as store:
        assert store.runs.list() == []
        assert store.escalations.list("all") == []
        assert store.tasks.status("task-1").state == "queued"


def test_a_plan_sees_what_the_real_ledger_knows(theatre: Theatre) -> None:
    theatre.submit()
    with theatre.store() as store:
        store.pauses.pause("change freeze", actor="leah")
    with nothing_written(theatre):
        status, out, _ = planned(theatre)
    assert status == 10
    assert out.startswith("Plan of task task-1: cp0 says escalate")


def test_a_plan_when_nothing_is_wrong_with_the_labels(theatre: Theatre) -> None:
    theatre.live(APPROVED)
    theatre.submit()
    with nothing_written(theatre):
        status, out, _ = planned(theatre)
    assert (status, out) == (
        0,
        "Plan of task task-1: cp1 says proceed, next resolve_write.\nNothing was written.\n",
    )


def test_of_a_task_that_has_ended_there_is_no_plan(theatre: Theatre) -> None:
    theatre.state(waivers=({"id": "EXC-311", "status": "open"},))
    theatre.run(theatre.submit())
    with nothing_written(theatre):
        status, out, err = planned(theatre)
    assert (status, out) == (2, "")
    assert err.startswith("Error: Task task-1 is not queued")
