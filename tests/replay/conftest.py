"""A store with seven recorded runs, measured: their executors started the OPA that decided."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.cli.conftest import call  # noqa: F401 - a fixture
from tests.fakes.runs import LittleWorld
from tests.replay.replays import Recording
from tests.scenarios.conftest import bundle, sidecar  # noqa: F401 - fixtures

from runbook_gate.configuration import Opa
from runbook_gate.gate.bundle import Bundle
from runbook_gate.gate.sidecar import Sidecar

_CLOSED = ("approved", "pending", "suspended")


@pytest.fixture(scope="session")
def recorded(
    tmp_path_factory: pytest.TempPathFactory,
    bundle: Bundle,  # noqa: F811
    sidecar: Sidecar,  # noqa: F811
    opa_binary: Path,
) -> Recording:
    """Three runs that complete, three that an open waiver of a kind of its own ends, one that drift ends."""
    world = LittleWorld(tmp_path_factory.mktemp("recorded"), bundle, sidecar)
    world.settings = world.settings.model_copy(update={"opa": Opa(binary=opa_binary)})
    runs: dict[str, str] = {}
    for number in range(3):
        world.submit(f"task-good-{number}", f"good-{number}")
        runs[f"good-{number}"] = world.run(f"task-good-{number}").run
    for number, status in enumerate(_CLOSED):
        world.submit(f"task-waived-{number}", f"waived-{number}")
        world.waive(f"task-waived-{number}", {"id": f"EXC-{number}", "status": status})
        runs[f"waived-{number}"] = world.run(f"task-waived-{number}").run
    target = world.submit("task-drifted", "drifted")
    world.server.namespaces[target.namespace]["metadata"]["labels"][next(iter(target.labels))] = "privileged"
    runs["drifted"] = world.run("task-drifted").run
    return Recording(world.settings.store_file, runs)


@pytest.fixture
def store_file(recorded: Recording, tmp_path: Path) -> Path:
    """A copy of the store that a test may spoil; the command line finds it."""
    (tmp_path / "runbook-gate.toml").write_text('store = "ledger.sqlite"\nsubmitter = "demo"\n')
    return Path(shutil.copy(recorded.store, tmp_path / "ledger.sqlite"))
