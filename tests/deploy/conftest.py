"""One installation for the whole test run, workers included, on an API server of its own; nobody may change it."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.deploy.applying import Client, client_of
from tests.deploy.stage import executor_token, install, site_of

from runbook_gate.localcluster import LocalCluster, shared_cluster
from runbook_gate.localcluster.seeding import Seeder


@dataclass(frozen=True)
class Installation:
    """An API server with deploy/ applied."""

    site: Path
    cluster: LocalCluster
    seeder: Seeder


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of deploy/ with its inputs."""
    return site_of(tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="session")
def installed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """deploy/ on a real API server, made by the first worker that asks."""
    root = tmp_path_factory.getbasetemp()
    root = (root.parent if "PYTEST_XDIST_WORKER" in os.environ else root) / "deployed"
    root.mkdir(exist_ok=True)
    stack = contextlib.ExitStack()
    request.config.add_cleanup(stack.close)  # the worker that started it waits for the others
    cluster = stack.enter_context(shared_cluster(root))
    with Seeder(cluster.server.kubeconfig()) as seeder, (root / "install.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (root / "installed").exists():
            install(site_of(root), cluster, seeder)
            (root / "installed").touch()
        fcntl.flock(lock, fcntl.LOCK_UN)
        yield Installation(root / "deploy", cluster, seeder)


@pytest.fixture
def executor(installed: Installation) -> Iterator[Client]:
    """The executor's service account, with a real token."""
    with client_of(installed.cluster, executor_token(installed.seeder)) as client:
        yield client


@pytest.fixture
def admin(installed: Installation) -> Iterator[Client]:
    """Every right."""
    with client_of(installed.cluster, installed.cluster.server.admin_token) as client:
        yield client
