"""A store, a cluster and a clock in memory, and the shipped policies in a real OPA."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.fakes.runs import LittleWorld
from tests.scenarios.conftest import bundle, sidecar  # noqa: F401 - fixtures

from runbook_gate.gate.bundle import Bundle
from runbook_gate.gate.sidecar import Sidecar


@pytest.fixture
def world(tmp_path: Path, bundle: Bundle, sidecar: Sidecar) -> LittleWorld:  # noqa: F811 - fixtures
    """With a task that was submitted, task-1."""
    made = LittleWorld(tmp_path, bundle, sidecar)
    made.submit("task-1", "payments-one")
    return made
