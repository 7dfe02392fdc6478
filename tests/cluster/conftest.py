"""One world, twice: the cluster in memory and a real API server, behind the same Protocols."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import pytest
from tests.conftest import NamespaceFactory
from tests.fakes.cluster import FakeAuditLog, FakeCluster
from tests.fakes.server import FakeServer

from runbook_gate.audit.files import AuditFiles
from runbook_gate.audit.protocol import AuditLog
from runbook_gate.clock import Clock, SystemClock
from runbook_gate.cluster.client import ClusterClient, Endpoint
from runbook_gate.cluster.protocol import Cluster
from runbook_gate.localcluster.cluster import LocalCluster
from runbook_gate.localcluster.seeding import Seeder


class Stage(Protocol):
    """What the contract tests do to the cluster behind the client's back."""

    def namespace(self, labels: Mapping[str, str]) -> str: ...

    def terminate(self, name: str) -> None: ...


@dataclass(frozen=True)
class World:
    """A cluster, its audit log, and the stage behind it."""

    cluster: Cluster
    audit: AuditLog
    stage: Stage
    clock: Clock


class FakeStage:
    def __init__(self, server: FakeServer) -> None:
        self._server = server

    def namespace(self, labels: Mapping[str, str]) -> str:
        name = f"payments-{len(self._server.namespaces)}"
        self._server.create_namespace(name, labels)
        return name

    def terminate(self, name: str) -> None:
        self._server.terminate(name)


class RealStage:
    def __init__(self, make: NamespaceFactory, seeder: Seeder) -> None:
        self._make, self._seeder = make, seeder

    def namespace(self, labels: Mapping[str, str]) -> str:
        return self._make(labels)

    def terminate(self, name: str) -> None:
        self._seeder.delete_namespace(name, finalize=False)


@pytest.fixture(params=["fake", "real"])
def world(request: pytest.FixtureRequest) -> World:
    clock = SystemClock()
    if request.param == "fake":
        server = FakeServer(clock, user="admin")
        return World(FakeCluster(server, clock), FakeAuditLog(server), FakeStage(server), clock)
    local: LocalCluster = request.getfixturevalue("cluster")
    stage: Any = RealStage(request.getfixturevalue("namespace_factory"), request.getfixturevalue("seeder"))
    client = ClusterClient(local.server.kubeconfig(), None, Endpoint("default"), clock)
    return World(client, AuditFiles((local.server.audit_log,), clock), stage, clock)
