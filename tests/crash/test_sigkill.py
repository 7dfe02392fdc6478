"""Crashes by SIGKILL on the real API server. Runs mostly wait, so many go side by side.

Where a process may die is recorded in memory, where a run never takes another turn on a busy machine.
"""

from __future__ import annotations

import contextlib
import random
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from tests.conftest import NamespaceFactory
from tests.crash import process
from tests.crash.conftest import Stage
from tests.crash.figures import Figures
from tests.crash.killing import AHEAD_MS, Death, fatal, killed
from tests.crash.points import Points
from tests.crash.ways import WAYS
from tests.crash.worlds import TASK, CrashWorld
from tests.scenarios.apiserver_proxy import ApiServerProxy, lost_before_delivery
from tests.scenarios.theatre import Theatre

from runbook_gate.configuration import Audit, Cluster, Opa, Settings
from runbook_gate.gate.sidecar import Sidecar
from runbook_gate.localcluster import LocalCluster
from runbook_gate.localcluster.seeding import Seeder

pytestmark = pytest.mark.scenario

Count = Callable[[str], Figures]
Stages = Callable[..., list[Death]]
KILLED = ("happy path", "first write lost")
SHARDS = 4
PAIRS = 12


@pytest.fixture
def theatres(
    tmp_path: Path,
    cluster: LocalCluster,
    seeder: Seeder,
    namespace_factory: NamespaceFactory,
    bundle_file: Path,
    sidecar: Sidecar,
) -> Iterator[Stages]:
    """Makes a theatre for each death, with its task submitted, and a proxy where the first write is to be lost."""
    settings = Settings(
        bundle=bundle_file,
        opa=Opa(socket=Path(sidecar.address.socket or "")),
        cluster=Cluster(kubeconfig=cluster.server.kubeconfig("executor")),
        audit=Audit(logs=(cluster.server.audit_log,)),
    )
    with contextlib.ExitStack() as stack:

        def make(way: str, deaths: Sequence[tuple[str, ...]], sure: Callable[[str], bool] = bool) -> list[Death]:
            return [
                Death(one(way, tmp_path / str(number)), points, all(map(sure, points)))
                for number, points in enumerate(deaths)
            ]

        def one(way: str, folder: Path) -> Theatre:
            theatre = Theatre(folder, cluster, seeder, namespace_factory(), settings)
            changes: dict[str, object] = {"heads_file": folder / "heads"}
            if way == "first write lost":
                proxy = stack.enter_context(ApiServerProxy.start(folder / "proxy", cluster.server))
                proxy.plays.append(lost_before_delivery)
                changes["cluster"] = Cluster(kubeconfig=proxy.kubeconfig())
            theatre.settings = theatre.settings.model_copy(update=changes)
            theatre.submit(TASK)
            return theatre

        yield make


def points(stage: Stage, way: str) -> list[str]:
    """Where a process may die."""
    return fatal([left.point for left in stage(WAYS[way]).dying()])


def slowly(stage: Stage, way: str) -> CrashWorld:
    """A world in which a run meets only what it meets on the slowest machine: it never waits for a write to settle."""
    world = stage(WAYS[way])
    world.patience_ms = 10_000
    return world


def killed_once(stage: Stage, theatres: Stages, way: str, where: Sequence[str], figures: Figures) -> None:
    """Kill one process at each of some points; what only a fast machine meets is not insisted on."""
    sure = {left.point for left in slowly(stage, way).dying()}
    killed(theatres(way, [(point,) for point in where], sure.__contains__), WAYS[way], figures)


def pair(world: CrashWorld, draw: random.Random) -> tuple[str, str]:
    """Where two processes die, the second of which starts at once, on a machine that slept."""
    remains = {left.point: left for left in world.dying()}
    first = draw.choice(fatal(list(remains)))
    world.put_back(remains[first])
    world.clock.boottime_ms += AHEAD_MS
    second = fatal([left.point for left in world.dying()])
    # What comes a second time in the second process may not come at all on a slower machine.
    return first, draw.choice([point for point in second if " 1 after" in point or " 1 /" in point])


def sorts(names: Sequence[str]) -> set[str]:
    """What happens, without numbers."""
    return {re.sub(r" [0-9]+( after intent [0-9]+)? / .*", "", name) for name in names}


def test_a_run_on_the_real_api_server_meets_the_points_of_one_in_memory(stage: Stage, theatres: Stages) -> None:
    [death] = theatres("happy path", [()])
    real, memory = Points(), stage().dying()
    process.run(death.theatre.settings, real, 0)
    assert set(points(stage, "happy path")) <= set(real.names)
    assert sorts(real.names) == sorts([left.point for left in memory])


@pytest.mark.parametrize("way", KILLED)
def test_a_process_that_is_killed_at_some_points(stage: Stage, theatres: Stages, count: Count, way: str) -> None:
    where = random.Random(20260721).sample(points(stage, way), 3)
    figures = count(f"one SIGKILL, {way}")
    killed_once(stage, theatres, way, where, figures)
    assert figures.wrong == []


@pytest.mark.whole
@pytest.mark.timeout(900)
@pytest.mark.parametrize("shard", range(SHARDS))
@pytest.mark.parametrize("way", KILLED)
def test_a_process_that_is_killed_at_any_point(
    stage: Stage, theatres: Stages, count: Count, way: str, shard: int
) -> None:
    figures = count(f"one SIGKILL, {way}")
    killed_once(stage, theatres, way, points(stage, way)[shard::SHARDS], figures)
    assert figures.wrong == []


@pytest.mark.whole
@pytest.mark.timeout(900)
@pytest.mark.parametrize("way", KILLED)
def test_two_processes_that_are_killed_at_some_points(stage: Stage, theatres: Stages, count: Count, way: str) -> None:
    draw = random.Random(20260721)
    pairs = [pair(slowly(stage, way), draw) for _ in range(PAIRS)]
    figures = count(f"two SIGKILLs, {way}")
    killed(theatres(way, pairs), WAYS[way], figures)
    assert figures.wrong == []
