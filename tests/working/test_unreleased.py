"""A lease that cannot be released because the store is away is released when it is back."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.fakes.runs import LittleWorld
from tests.ledger.tampering import bring_back, take_away
from tests.scenarios.conftest import bundle, sidecar  # noqa: F401 - fixtures

from runbook_gate.engine.narration import Silent
from runbook_gate.errors import LedgerUnwritable
from runbook_gate.gate.bundle import Bundle
from runbook_gate.gate.sidecar import Sidecar
from runbook_gate.models.entry import Entry
from runbook_gate.store_url import StoreUrl


class Away(Silent):
    """Takes the store away once a run is under way."""

    def __init__(self, store: Path | StoreUrl) -> None:
        self._store = store

    def opened(self, entry: Entry) -> None:
        take_away(self._store)


def test_it_is_released_once(tmp_path: Path, bundle: Bundle, sidecar: Sidecar) -> None:  # noqa: F811 - fixtures
    world = LittleWorld(tmp_path, bundle, sidecar)
    world.submit("task-1", "payments")
    with world.open() as store:
        session = world.session(store, "task-1", Away(world.settings.store))
        with pytest.raises(LedgerUnwritable):
            session.run_task("task-1")
        with pytest.raises(LedgerUnwritable):
            session.unreleased.release(store)
        bring_back(world.settings.store)
        [run] = store.runs.list()
        assert run.holder == session.holder
        session.unreleased.release(store)
        session.unreleased.release(store)
        [run] = store.runs.list()
        assert run.holder is None
