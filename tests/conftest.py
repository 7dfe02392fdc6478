"""Fixtures for all tests. The cluster is a real one, started when the first test asks for it."""

from __future__ import annotations

import contextlib
import os
import uuid
from typing import TYPE_CHECKING, Protocol

import pytest
from tests.postgresql.databases import DATABASES

from runbook_gate.localcluster import LocalCluster, find_tool, shared_cluster
from runbook_gate.localcluster.seeding import Seeder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


class NamespaceFactory(Protocol):
    """Makes a namespace that no other test uses and returns its name."""

    def __call__(self, labels: Mapping[str, str] | None = None, *, service_account: bool = True) -> str: ...


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--store", choices=("sqlite", "postgresql"), default="sqlite", help="where worlds keep their ledger"
    )
    parser.addoption("--whole", action="store_true", help="run what takes minutes too: tests marked `whole`")


def pytest_configure(config: pytest.Config) -> None:
    DATABASES.chosen = config.getoption("--store") == "postgresql"
    config.add_cleanup(DATABASES.close)
    config.addinivalue_line("markers", "scenario: the whole program on a real API server; many mostly wait")
    config.addinivalue_line("markers", "whole: takes minutes; left out without --whole")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--whole"):
        return
    left_out = [item for item in items if item.get_closest_marker("whole")]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


@pytest.fixture(scope="session")
def whole(request: pytest.FixtureRequest) -> bool:
    """Whether every case of a matrix is played, and not a sample."""
    return bool(request.config.getoption("--whole"))


@pytest.fixture(scope="session")
def cluster(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> LocalCluster:
    """One API server for the whole test run, all workers included; it cannot be stopped or frozen."""
    root = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent
    stack = contextlib.ExitStack()
    # At the very end and not in the teardown of a test: the worker that started it waits for the others.
    request.config.add_cleanup(stack.close)
    return stack.enter_context(shared_cluster(root))


@pytest.fixture
def own_cluster(tmp_path: Path) -> Iterator[LocalCluster]:
    """A cluster of the test's own, about 2 s to start, that it may stop, start again and freeze."""
    with LocalCluster.start(tmp_path / "cluster") as own:
        yield own


@pytest.fixture(scope="session")
def seeder(cluster: LocalCluster) -> Iterator[Seeder]:
    """Every right on the shared cluster."""
    with Seeder(cluster.server.kubeconfig()) as seeder:
        yield seeder


@pytest.fixture(scope="session")
def namespace_factory(seeder: Seeder) -> NamespaceFactory:
    """Fresh namespaces of the shared cluster, in which the user `executor` has the executor's rights."""

    def make(labels: Mapping[str, str] | None = None, *, service_account: bool = True) -> str:
        name = f"payments-{uuid.uuid4().hex[:10]}"
        seeder.namespace(name, labels, service_account=service_account)
        seeder.grant_executor(name)
        return name

    return make


@pytest.fixture
def target_namespace(namespace_factory: NamespaceFactory) -> str:
    """The name of a fresh namespace without labels."""
    return namespace_factory()


@pytest.fixture(scope="session")
def opa_binary() -> Path:
    """The pinned opa."""
    return find_tool("opa")
