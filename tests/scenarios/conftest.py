"""A theatre for each scenario; one sidecar with the shipped bundle for each worker."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import NamespaceFactory
from tests.replay.replays import given_again
from tests.scenarios.bundles import edited, served
from tests.scenarios.theatre import Theatre

from runbook_gate import resources
from runbook_gate.configuration import Audit, Cluster, Opa, Settings
from runbook_gate.gate.build import build
from runbook_gate.gate.bundle import Bundle
from runbook_gate.gate.sidecar import Sidecar
from runbook_gate.localcluster import LocalCluster
from runbook_gate.localcluster.seeding import Seeder
from runbook_gate.replay.sidecars import ReplaySidecar
from runbook_gate.stores import store_place

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


@pytest.fixture(scope="session")
def replay_sidecar(bundle: Bundle, opa_binary: Path) -> Iterator[ReplaySidecar]:
    """A replay sidecar that serves it."""
    with ReplaySidecar(opa_binary, bundle) as started:
        yield started


RUNBOOK = "runbooks/MKS-PSA-Label-Restore-v3/data.yaml"


@pytest.fixture(scope="session")
def short_window(opa_binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """Settings of the shipped policies with a verification window of 6 s, and as long for audit evidence."""
    limits = [("window: 60000", "window: 6000"), ("audit: 45000", "audit: 6000")]
    folder = tmp_path_factory.mktemp("short-window")
    with served(folder, opa_binary, edited(folder, opa_binary, {RUNBOOK: limits})) as settings:
        yield settings


@pytest.fixture(scope="session")
def short_deadline(opa_binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """Settings of the shipped policies with 10 s for a run."""
    duration = [("duration_ms: 900000", "duration_ms: 10000")]
    folder = tmp_path_factory.mktemp("short-deadline")
    with served(folder, opa_binary, edited(folder, opa_binary, {RUNBOOK: duration})) as settings:
        yield settings


@pytest.fixture
def theatre(
    tmp_path: Path,
    cluster: LocalCluster,
    seeder: Seeder,
    namespace_factory: NamespaceFactory,
    bundle_file: Path,
    sidecar: Sidecar,
    bundle: Bundle,
    replay_sidecar: ReplaySidecar,
) -> Iterator[Theatre]:
    """A fresh namespace without the six labels, registers that agree, and nothing submitted.

    At the end, whatever the shipped bundle decided is given again to the byte.
    """
    settings = Settings(
        bundle=bundle_file,
        opa=Opa(socket=Path(sidecar.address.socket or "")),
        cluster=Cluster(kubeconfig=cluster.server.kubeconfig("executor")),
        audit=Audit(logs=(cluster.server.audit_log,)),
    )
    theatre = Theatre(tmp_path, cluster, seeder, namespace_factory(), settings)
    yield theatre
    assert given_again(store_place(theatre.settings), bundle, replay_sidecar) <= theatre.replayed


@pytest.fixture
def shipped(theatre: Theatre) -> dict[str, Any]:
    """Settings of the shipped policies."""
    return {"bundle": theatre.settings.bundle, "opa": theatre.settings.opa}
