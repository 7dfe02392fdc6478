"""Two real API servers, one executor, one ledger; each task names its cluster."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.scenarios.conftest import (  # noqa: F401 - fixtures
    bundle,
    bundle_file,
    replay_sidecar,
    sidecar,
    theatre,
)
from tests.scenarios.theatre import Theatre

from runbook_gate.configuration import Audit, Cluster, ListedCluster
from runbook_gate.demo.stage import REGISTERS
from runbook_gate.localcluster import LocalCluster
from runbook_gate.localcluster.seeding import Seeder

EAST, WEST = "mks-us-east-1-prod-03", "mks-us-west-2-prod-01"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if {"theatre", "west"} & set(getattr(item, "fixturenames", ())) and "clusters" in item.path.parts:
            item.add_marker(pytest.mark.scenario)


@pytest.fixture(scope="module")
def other_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCluster]:
    """A second cluster: another etcd, another kube-system."""
    with LocalCluster.start(tmp_path_factory.mktemp("west")) as started:
        yield started


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
