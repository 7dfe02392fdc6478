"""Whole runs in memory, to be looked at."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.fakes.runs import LittleWorld
from tests.scenarios.conftest import bundle, sidecar  # noqa: F401 - fixtures

from runbook_gate.gate.bundle import Bundle
from runbook_gate.gate.sidecar import Sidecar


@pytest.fixture
def world(tmp_path: Path, bundle: Bundle, sidecar: Sidecar) -> LittleWorld:  # noqa: F811 - fixtures
    """A store, a cluster and a clock, and the shipped policies in a real OPA."""
    return LittleWorld(tmp_path, bundle, sidecar)
