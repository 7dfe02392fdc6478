"""Worlds whose ledger is on a server."""

from __future__ import annotations

import pytest
from tests.crash.conftest import stage  # noqa: F401 - a fixture
from tests.postgresql.databases import DATABASES
from tests.scenarios.conftest import bundle, bundle_file, replay_sidecar, sidecar, theatre  # noqa: F401 - fixtures


@pytest.fixture(autouse=True)
def _on_a_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DATABASES, "chosen", True)
