"""Executors that are scraped."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.conftest import call  # noqa: F401 - a fixture
from tests.metrics.scraping import Watched
from tests.queries.conftest import known, store_file  # noqa: F401 - fixtures
from tests.scenarios.conftest import bundle, sidecar  # noqa: F401 - fixtures

from runbook_gate.gate.bundle import Bundle
from runbook_gate.gate.sidecar import Sidecar


@pytest.fixture
def watched(tmp_path: Path, bundle: Bundle, sidecar: Sidecar) -> Iterator[Watched]:  # noqa: F811
    """One that has done nothing yet."""
    one = Watched(tmp_path, bundle, sidecar)
    with one.store:
        yield one
