"""A store whose runs are known one by one."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.cli.conftest import call  # noqa: F401 - a fixture
from tests.fakes.cluster import Fault
from tests.fakes.runs import LittleWorld
from tests.replay.replays import Recording
from tests.scenarios.conftest import bundle, sidecar  # noqa: F401 - fixtures
from tests.scenarios.theatre import Director

from runbook_gate.cluster.calls import Call, patch_namespace
from runbook_gate.cluster.protocol import LabelPatch
from runbook_gate.gate.bundle import Bundle
from runbook_gate.gate.sidecar import Sidecar

ENFORCE = "pod-security.kubernetes.io/enforce"


class Died(BaseException):
    """The process is gone."""


@pytest.fixture(scope="session")
def known(tmp_path_factory: pytest.TempPathFactory, bundle: Bundle, sidecar: Sidecar) -> Recording:  # noqa: F811
    """Eight runs, each named for what happened in it."""
    world = LittleWorld(tmp_path_factory.mktemp("known"), bundle, sidecar)
    lost = [Fault("lost")]
    acts: dict[str, Callable[[Call], Fault | None]] = {
        "plain": lambda request: None,
        "lost": lambda request: lost.pop() if lost and _writes(request) else None,
        "died": _dies,
        "left": _dies,
    }
    runs: dict[str, str] = {}
    for name in ("plain", "lost", "waived", "foreign", "reverted", "paused", "died", "left"):
        target = world.submit(f"task-{name}", name)
        world.fault = acts.get(name, acts["plain"])
        director = None
        if name == "waived":
            world.waive("task-waived", {"id": "EXC-1", "status": "open"})
        if name == "foreign":
            world.server.namespaces[name]["metadata"]["labels"][next(iter(target.labels))] = "privileged"
        if name == "reverted":
            director = Director({"decided:cp2:proceed": lambda entry: _revert(world)})
        if name == "paused":
            director = Director({"observed:gather": lambda entry: _pause(world)})
        with contextlib.suppress(Died):
            world.run(f"task-{name}", director)
        world.fault = acts["plain"]
        with world.open() as store:
            runs[name] = str(store.tasks.status(f"task-{name}").run)
            if name == "waived":
                [one] = store.escalations.list("open")
                store.escalations.acknowledge(one.id, actor="leah", note="seen")
    world.clock.sleep(61)
    world.run("task-died")
    return Recording(world.settings.store_file, runs)


def _writes(request: Call) -> bool:
    return request.method == "PATCH" and ("dryRun", "All") not in request.query


def _dies(request: Call) -> None:
    if _writes(request):
        raise Died


def _revert(world: LittleWorld) -> None:
    patch = LabelPatch("reverted", None, None, {ENFORCE: "privileged"}, "kubectl-label")  # type: ignore[arg-type]
    world.server.handle(patch_namespace(patch, dry_run=False, audit_id=None), user="somebody-else")


def _pause(world: LittleWorld) -> None:
    with world.open() as store:
        if not any(entry.kind == "paused" for entry in store.reading.journal(["paused"])):
            store.pauses.pause("look", actor="leah")
            store.pauses.unpause(actor="leah")


@pytest.fixture
def store_file(known: Recording, tmp_path: Path) -> Path:
    """A copy of the store that a test may spoil; the command line finds it."""
    (tmp_path / "runbook-gate.toml").write_text('store = "ledger.sqlite"\nsubmitter = "demo"\n')
    return Path(shutil.copy(known.store, tmp_path / "ledger.sqlite"))
