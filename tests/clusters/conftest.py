"""Two real API servers, one executor, one ledger; each task names its cluster."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

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
    listed = {EAST: access(theatre.cluster), WEST: access(other_cluster)}
    only = {"cluster": Cluster(), "audit": Audit(), "clusters": listed}
    theatre.settings = theatre.settings.model_copy(update=only)
    return theatre


@pytest.fixture
def west(east: Theatre, other_cluster: LocalCluster, tmp_path: Path) -> Iterator[Theatre]:
    """A target of the second cluster with the same namespace name; same executor, same ledger."""
    with Seeder(other_cluster.server.kubeconfig()) as seeder:
        seeder.namespace(east.namespace)
        seeder.grant_executor(east.namespace)
        made = Theatre(tmp_path / "west", other_cluster, seeder, east.namespace, east.settings)
        made.settings = made.settings.model_copy(update={"store": east.settings.store})
        made.state(cluster_id=WEST)
        yield made


def access(cluster: LocalCluster) -> ListedCluster:
    """How the executor reaches a cluster."""
    audit = Audit(logs=(cluster.server.audit_log,))
    return ListedCluster(kubeconfig=cluster.server.kubeconfig("executor"), audit=audit)
