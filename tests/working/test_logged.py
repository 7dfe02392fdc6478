"""Log lines: each of a run says of which, each after the intent by which write, and nobody has to read them."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.runs import LittleWorld
from tests.scenarios.conftest import bundle, sidecar  # noqa: F401 - fixtures

from runbook_gate.cli.logged import Log
from runbook_gate.errors import LedgerUnwritable, NoDecision
from runbook_gate.gate.bundle import Bundle
from runbook_gate.gate.sidecar import Sidecar


@pytest.fixture
def world(tmp_path: Path, bundle: Bundle, sidecar: Sidecar) -> LittleWorld:  # noqa: F811 - fixtures
    return LittleWorld(tmp_path, bundle, sidecar)


def logged(world: LittleWorld, form: str = "json") -> str:
    file = io.StringIO()
    world.run("task-1", Log(form, file).narrator())
    return file.getvalue()


def test_each_line_says_of_which_run_it_is_and_each_after_the_intent_of_which_write(world: LittleWorld) -> None:
    world.submit("task-1", "payments")
    lines: list[dict[str, Any]] = [json.loads(line) for line in logged(world).splitlines()]
    with world.open() as store:
        [run] = store.runs.list()
        entries = store.runs.entries(run.id)
    [intent] = [entry for entry in entries if entry.kind == "intent"]
    assert {(line["run"], line["task"]) for line in lines} == {(run.id, "task-1")}
    heads = {entry.sha256: entry for entry in entries}
    for line in lines:
        entry = heads.get(line.get("head", ""))
        if entry is None:
            assert line["event"] == "waiting"
            continue
        assert (line["seq"], line.get("checkpoint")) == (entry.seq, entry.checkpoint)
        written = (1, intent.sha256) if entry.seq >= intent.seq else (None, None)
        assert (line.get("attempt"), line.get("audit_id")) == written
    decided = [(line["checkpoint"], line["verdict"]) for line in lines if line["event"] == "decided"]
    assert decided == [(one.checkpoint, one.body["verdict"]) for one in entries if one.kind == "decision"]
    assert (lines[-1]["event"], lines[-1]["outcome"]) == ("run_ended", "complete")


def test_an_escalation_says_its_codes(world: LittleWorld) -> None:
    target = world.submit("task-1", "payments")
    scope = {"cluster_id": target.task("x")["cluster_id"], "namespace": "payments"}
    world.waive("task-1", {"id": "EXC-1", "status": "open", "expiry": None, "scope": scope})
    last = json.loads(logged(world).splitlines()[-1])
    assert (last["outcome"], last["codes"]) == ("escalated", ["waiver_absence.open_waiver"])
    assert last["packet"]


def test_text_is_the_same_on_one_line(world: LittleWorld) -> None:
    world.submit("task-1", "payments")
    lines = logged(world, "text").splitlines()
    assert all(" run=" in line and " task=task-1" in line for line in lines)
    assert any(" decided " in line and " verdict=proceed" in line and "codes=" in line for line in lines)


def test_a_fault_says_what_and_how_to_mend_it_and_nothing_of_an_unexpected_one() -> None:
    file = io.StringIO()
    log = Log("json", file)
    log.fault("task restore-1", NoDecision("gate.unreachable", "nobody answers"))
    log.fault("packet esc-1", ValueError("a secret"))
    log.trouble(LedgerUnwritable("the disk is full"), 0.51)
    said = [json.loads(line) for line in file.getvalue().splitlines()]
    assert [(line["event"], line["kind"]) for line in said] == [
        ("fault", "NoDecision"),
        ("fault", "UnexpectedError"),
        ("trouble", "LedgerUnwritable"),
    ]
    assert (said[0]["task"], said[0]["code"], said[1]["packet"], said[2]["again_s"]) == (
        *("restore-1", "gate.unreachable", "esc-1", 0.5),
    )
    assert "secret" not in file.getvalue()


def test_nobody_has_to_read_them(world: LittleWorld) -> None:
    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    world.submit("task-1", "payments")
    assert world.run("task-1", Log("json", Gone()).narrator()).outcome == "complete"
