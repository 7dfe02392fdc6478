"""The command line, called in this process, in a folder of its own."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.fakes.runs import LittleWorld
from tests.scenarios.conftest import bundle, sidecar  # noqa: F401 - fixtures
from tests.scenarios.process import Said

from runbook_gate.cli.main import run
from runbook_gate.gate.bundle import Bundle
from runbook_gate.gate.sidecar import Sidecar

Call = Callable[..., Said]


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """Call `runbook-gate ARGUMENTS` in an empty folder and environment."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("RUNBOOK_GATE_")]:
        monkeypatch.delenv(name)

    def call(*arguments: object) -> Said:
        capsys.readouterr()
        status = run([str(argument) for argument in arguments])
        return Said(status, *capsys.readouterr())

    return call


@pytest.fixture
def world(tmp_path: Path, bundle: Bundle, sidecar: Sidecar, call: Call) -> LittleWorld:  # noqa: F811 - fixtures
    """Runs whose store the command line finds."""
    made = LittleWorld(tmp_path, bundle, sidecar)
    (tmp_path / "runbook-gate.toml").write_text('store = "ledger.sqlite"\npacket_dir = "packets"\nsubmitter = "demo"\n')
    return made


@pytest.fixture
def completed(world: LittleWorld) -> LittleWorld:
    """With a run that completed, of task-1."""
    world.submit("task-1", "payments-one")
    assert world.run("task-1").outcome == "complete"
    return world


@pytest.fixture
def escalated(world: LittleWorld) -> LittleWorld:
    """With a run that an open waiver ended, of task-2."""
    world.submit("task-2", "payments-two")
    world.waive("task-2", {"id": "EXC-311", "status": "open"})
    assert world.run("task-2").outcome == "escalated"
    return world
