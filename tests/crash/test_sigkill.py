"""Crashes by SIGKILL on the real API server. Runs mostly wait, so many go side by side.

Where a process may die is recorded in memory, where a run never takes another turn on a busy machine.
"""

from __future__ import annotations

import contextlib
import random
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import pytest
from tests.conftest import NamespaceFactory
from tests.crash import process
from tests.crash.conftest import Stage
from tests.crash.figures import Figures
from tests.crash.killing import AHEAD_MS, Death, killed
from tests.crash.points import Points
from tests.crash.staging import STAGINGS
from tests.crash.ways import WAYS
from tests.crash.worlds import TASK, CrashWorld
from tests.scenarios.theatre import Theatre

from runbook_gate.configuration import Audit, Cluster, Opa, Settings
from runbook_gate.gate.sidecar import Sidecar
from runbook_gate.localcluster import LocalCluster
from runbook_gate.localcluster.seeding import Seeder

pytestmark = pytest.mark.scenario

Count = Callable[[str], Figures]
Stages = Callable[..., list[Death]]
SEED = 20260721
SHARDS = 4
QUICK = "happy path"
PAIRS = 12
SAMPLE = "a seeded sample: make crash-matrix plays them all"
LAPSED = {"commit decision cp1"}  # a go that was too old for its intent on a busy machine, and was asked for again
PAIRS_SAMPLE = f"a seeded sample of {PAIRS} pairs: each takes a run's time, and every pair is played in process"


@pytest.fixture
def theatres(
    tmp_path: Path,
    cluster: LocalCluster,
    seeder: Seeder,
    namespace_factory: NamespaceFactory,
    bundle_file: Path,
    sidecar: Sidecar,
) -> Iterator[Stages]:
    """Makes a theatre for each death, staged for its way, with its task submitted."""
    settings = Settings(
        bundle=bundle_file,
        opa=Opa(socket=Path(sidecar.address.socket or "")),
        cluster=Cluster(kubeconfig=cluster.server.kubeconfig("executor")),
        audit=Audit(logs=(cluster.server.audit_log,)),
    )
    with contextlib.ExitStack() as stack:

        def make(way: str, deaths: Sequence[tuple[str, ...]], sure: Callable[[str], bool] = bool) -> list[Death]:
            return [
                Death(one(way, tmp_path / f"{way} {number}"), way, points, all(map(sure, points)))
                for number, points in enumerate(deaths)
            ]

        def one(way: str, folder: Path) -> Theatre:
            theatre = Theatre(folder, cluster, seeder, namespace_factory(), settings)
            theatre.settings = theatre.settings.model_copy(update={"heads_file": folder / "heads"})
            STAGINGS[way](theatre, stack)
            theatre.submit(TASK)
            return theatre

        yield make


def points(stage: Stage, way: str) -> list[str]:
    """Where a process may die."""
    return [left.point for left in stage(WAYS[way]).dying()]


def slowly(stage: Stage, way: str) -> CrashWorld:
    """A world in which a run meets only what it meets on the slowest machine: it never waits for a write to settle."""
    world = stage(WAYS[way])
    world.patience_ms = 10_000
    return world


def timely(names: Iterable[str]) -> set[str]:
    """Points that a run meets in their place on any machine: a lease is renewed once it has aged, wherever that is."""
    return {name for name in names if "(leases)" not in name}


def dying_once(stage: Stage, theatres: Stages, way: str, where: Sequence[str]) -> list[Death]:
    """A death at each of some points; what only a fast machine meets is not insisted on."""
    sure = timely(left.point for left in slowly(stage, way).dying())
    return theatres(way, [(point,) for point in where], sure.__contains__)


def pair(world: CrashWorld, draw: random.Random) -> tuple[str, str]:
    """Where two processes die, the second of which starts at once, on a machine that slept."""
    remains = {left.point: left for left in world.dying()}
    first = draw.choice([point for point in remains if point in timely(remains)])
    world.put_back(remains[first])
    world.clock.boottime_ms += AHEAD_MS
    world.clock.elapsed_ms += AHEAD_MS  # a server, by whose clock leases expire there, slept as little
    second = [left.point for left in world.dying()]
    # What comes a second time in the second process may not come at all on a slower machine.
    once = [point for point in second if " 1 after" in point or " 1 /" in point]
    return first, draw.choice([point for point in once if point in timely(once)])


def sorts(names: Sequence[str]) -> set[str]:
    """What happens, without numbers."""
    return {re.sub(r" [0-9]+( after intent [0-9]+)? / .*", "", name) for name in names}


@pytest.mark.parametrize("way", [pytest.param(way, marks=[] if way == QUICK else pytest.mark.whole) for way in WAYS])
def test_a_run_on_the_real_api_server_meets_the_points_of_one_in_memory(
    stage: Stage, theatres: Stages, way: str
) -> None:
    [death] = theatres(way, [()])
    real, slow = Points(), [left.point for left in slowly(stage, way).dying()]
    process.run(death.theatre.settings, real, 0)
    assert timely(slow) <= set(real.names)
    assert sorts(real.names) - LAPSED == sorts(points(stage, way)) - LAPSED


@pytest.mark.usefixtures("sampled")
def test_a_process_that_is_killed_at_a_point_of_each_way(stage: Stage, theatres: Stages, count: Count) -> None:
    deaths, counted = list[Death](), {way: count(f"one SIGKILL, {way}") for way in WAYS}
    for way, figures in counted.items():
        there = points(stage, way)
        figures.leave_out(SAMPLE, len(there) - 1)
        deaths += dying_once(stage, theatres, way, random.Random(f"{SEED} {way}").sample(there, 1))
    killed(deaths, counted)
    assert [wrong for figures in counted.values() for wrong in figures.wrong] == []


@pytest.mark.whole
@pytest.mark.timeout(900)
@pytest.mark.parametrize("shard", range(SHARDS))
@pytest.mark.parametrize("way", WAYS)
def test_a_process_that_is_killed_at_any_point(
    stage: Stage, theatres: Stages, count: Count, way: str, shard: int
) -> None:
    figures = count(f"one SIGKILL, {way}")
    killed(dying_once(stage, theatres, way, points(stage, way)[shard::SHARDS]), {way: figures})
    assert figures.wrong == []


@pytest.mark.whole
@pytest.mark.timeout(900)
@pytest.mark.parametrize("way", WAYS)
def test_two_processes_that_are_killed_at_some_points(stage: Stage, theatres: Stages, count: Count, way: str) -> None:
    draw = random.Random(SEED)
    pairs = [pair(slowly(stage, way), draw) for _ in range(PAIRS)]
    figures = count(f"two SIGKILLs, {way}")
    figures.leave_out(PAIRS_SAMPLE)
    killed(theatres(way, pairs), {way: figures})
    assert figures.wrong == []
