"""Two real API servers, one executor, one ledger; each task names its cluster."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.clusters import kubeconfigs
from tests.scenarios.conftest import (  # noqa: F401 - fixtures
    bundle,
    bundle_file,
    replay_sidecar,
    sidecar,
    theatre,
)
from tests.scenarios.theatre import Theatre, assert_completed, assert_escalated
from tests.scenarios.wires.company import side_by_side

from runbook_gate.configuration import Audit, Cluster, ListedCluster
from runbook_gate.demo.stage import REGISTERS
from runbook_gate.localcluster import LocalCluster, shared_cluster
from runbook_gate.localcluster.seeding import Seeder

EAST, WEST = "mks-us-east-1-prod-03", "mks-us-west-2-prod-01"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if {"theatre", "west"} & set(getattr(item, "fixturenames", ())) and "clusters" in item.path.parts:
            item.add_marker(pytest.mark.scenario)


@pytest.fixture(scope="session")
def other_cluster(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    cluster: LocalCluster,
) -> LocalCluster:
    """A second cluster for the whole test run: another etcd, another kube-system.

    It asks for the first one so that every process leaves the two in the same order, and none waits for another.
    """
    root = tmp_path_factory.getbasetemp()
    root = (root.parent if "PYTEST_XDIST_WORKER" in os.environ else root) / "west"
    root.mkdir(exist_ok=True)
    stack = contextlib.ExitStack()
    request.config.add_cleanup(stack.close)
    return stack.enter_context(shared_cluster(root))


@pytest.fixture
def east(theatre: Theatre, other_cluster: LocalCluster) -> Theatre:  # noqa: F811
    """A target of the first cluster; both are listed, and nothing is said of others."""
    listed = {EAST: access(theatre), WEST: access(theatre).model_copy(update={**reach(other_cluster), "registers": {}})}
    only = {"cluster": Cluster(), "audit": Audit(), "registers": {}, "clusters": listed}
    theatre.settings = theatre.settings.model_copy(update=only)
    return theatre


@pytest.fixture
def west(east: Theatre, other_cluster: LocalCluster, tmp_path: Path) -> Iterator[Theatre]:
    """A target of the second cluster with the same namespace name; same executor, same ledger."""
    with Seeder(other_cluster.server.kubeconfig()) as seeder:
        seeder.namespace(east.namespace)
        seeder.grant_executor(east.namespace)
        made = Theatre(tmp_path / "west", other_cluster, seeder, east.namespace, east.settings)
        made.state(cluster_id=WEST)
        listed = {**east.settings.clusters, WEST: access(made)}
        made.settings = east.settings = east.settings.model_copy(update={"clusters": listed})
        yield made


@pytest.fixture
def by_context(east: Theatre, west: Theatre) -> tuple[Theatre, Theatre]:
    """Both are reached with one kubeconfig, each through a context of its own; the current one is nobody's."""
    file = kubeconfigs.write(east.folder / "kubeconfigs", {"east": east.cluster, "west": west.cluster})
    chosen = {EAST: "east", WEST: "west"}
    listed = {
        name: one.model_copy(update={"kubeconfig": file, "context": chosen[name]})
        for name, one in east.settings.clusters.items()
    }
    west.settings = east.settings = east.settings.model_copy(update={"clusters": listed})
    return east, west


def run_both(theatres: tuple[Theatre, Theatre]) -> list[str]:
    """A task of each cluster, carried out side by side, is completed by one write to its own.

    Returns:
        The two runs.
    """
    played = list(zip(theatres, ("task-east", "task-west"), strict=True))
    for stage, task in played:
        stage.submit(task)
    ended = side_by_side(lambda one: one[0].run(one[1]), played)
    for stage, finished in zip(theatres, ended, strict=True):
        assert_completed(stage, finished, writes=1)
    return [finished.run for finished in ended]


def assert_stopped_by_the_identity(east: Theatre, west: Theatre) -> None:
    """A task of the one, whose way leads to the other, escalates at cp1, and nothing is written anywhere."""
    east.submit()
    finished = east.run()
    assert "cluster_identity.wrong_cluster" in east.codes()
    assert_escalated(east, finished, *east.codes(), origin="cp1")
    assert west.writes() == []
    assert (east.labels(), west.labels()) == ({}, {})


def access(theatre: Theatre) -> ListedCluster:  # noqa: F811
    """How the executor reaches a cluster, and the registers that answer for it."""
    registers = {name: theatre.files[name] for name in REGISTERS}
    return ListedCluster.model_validate({**reach(theatre.cluster), "registers": registers})


def reach(cluster: LocalCluster) -> dict[str, Any]:
    """The same without the registers."""
    return {
        "kubeconfig": cluster.server.kubeconfig("executor"),
        "audit": Audit(logs=(cluster.server.audit_log,)),
    }
