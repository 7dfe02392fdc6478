"""Two policies for a restless world."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.scenarios.bundles import edited
from tests.scenarios.conftest import bundle, sidecar  # noqa: F401 - fixtures
from tests.statemachine.world import Policy, RestlessWorld

from runbook_gate.gate.bundle import Bundle
from runbook_gate.gate.sidecar import Sidecar


@pytest.fixture(scope="session")
def shipped(bundle: Bundle, sidecar: Sidecar) -> Policy:  # noqa: F811 - fixtures
    """The shipped policies."""
    return Policy(bundle, sidecar)


@pytest.fixture(scope="session")
def stranger(opa_binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Policy]:
    """Policies that decide the same and are others."""
    changes = {"gate/gate.rego": [("package gate\n", "package gate\n\n# Another release.\n")]}
    changed = edited(tmp_path_factory.mktemp("stranger"), opa_binary, changes)
    with Sidecar(opa_binary, changed) as serving:
        yield Policy(changed, serving)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is one: thousands of transactions would wait for a disk that others use."""
    memory = Path("/dev/shm")
    where = memory if os.access(memory, os.W_OK) else tmp_path
    with tempfile.TemporaryDirectory(prefix="runbook-gate-", dir=where) as made:
        yield Path(made)


@pytest.fixture
def world(folder: Path, shipped: Policy, stranger: Policy) -> RestlessWorld:
    """A world in which nothing has happened yet."""
    return RestlessWorld(folder, shipped, stranger)
