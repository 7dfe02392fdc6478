"""Real processes on the real API server."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.scenarios.conftest import bundle, bundle_file, replay_sidecar, sidecar, theatre  # noqa: F401 - fixtures


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.scenario)
