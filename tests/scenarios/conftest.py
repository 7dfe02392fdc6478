"""A theatre for each scenario; one sidecar with the shipped bundle for each worker."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from runbook_gate import resources
from runbook_gate.configuration import Audit, Cluster, Opa, Settings
from runbook_gate.gate.build import build
from runbook_gate.gate.bundle import Bundle
from runbook_gate.gate.sidecar import Sidecar
from runbook_gate.localcluster import LocalCluster
from runbook_gate.localcluster.seeding import Seeder
from tests.conftest import NamespaceFactory
from tests.scenarios.theatre import Theatre

pytestmark = pytest.mark.scenario


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.scenario)


@pytest.fixture(scope="session")
def bundle(opa_binary: Path) -> Bundle:
    """The shipped policies as a bundle."""
    return build(resources.policies(), opa=opa_binary)


@pytest.fixture(scope="session")
def bundle_file(bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same as a file."""
    path = tmp_path_factory.mktemp("bundle") / "bundle.tar.gz"
    path.write_bytes(bundle.raw)
    return path


@pytest.fixture(scope="session")
def sidecar(bundle: Bundle, opa_binary: Path) -> Iterator[Sidecar]:
    """A real OPA that serves it."""
    with Sidecar(opa_binary, bundle) as started:
        yield started


@pytest.fixture
def theatre(
    tmp_path: Path,
    cluster: LocalCluster,
    seeder: Seeder,
    namespace_factory: NamespaceFactory,
    bundle_file: Path,
    sidecar: Sidecar,
) -> Theatre:
    """A fresh namespace without the six labels, registers that agree, and nothing submitted."""
    settings = Settings(
        bundle=bundle_file,
        opa=Opa(socket=Path(sidecar.address.socket or "")),
        cluster=Cluster(kubeconfig=cluster.server.kubeconfig("executor")),
        audit=Audit(logs=(cluster.server.audit_log,)),
    )
    return Theatre(tmp_path, cluster, seeder, namespace_factory(), settings)
