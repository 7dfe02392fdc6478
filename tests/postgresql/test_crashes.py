"""A sample of the crashes and failures in memory with the ledger on a server; `make on-postgresql` plays them all."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.crash.conftest import Stage
from tests.crash.figures import Figures
from tests.crash.matrix import Matrix
from tests.crash.ways import WAYS
from tests.fakes.runs import LittleWorld
from tests.store_failures.failing import Moment
from tests.store_failures.test_each_append import fails

from runbook_gate.gate.bundle import Bundle
from runbook_gate.gate.sidecar import Sidecar


def test_two_crashes_at_some_points(stage: Stage) -> None:
    way = WAYS["first write lost"]
    tried = Matrix(stage(way), way, Figures("a sample"))
    tried.sample(seed=20260721, firsts=3, seconds=2)
    assert tried.figures.wrong == []
    assert tried.figures.pairs == 6


@pytest.mark.parametrize(("moment", "first"), [("begin", 2), ("commit", 8), ("insert", 30)])
def test_a_store_that_fails(tmp_path: Path, bundle: Bundle, sidecar: Sidecar, moment: Moment, first: int) -> None:
    world = LittleWorld(tmp_path, bundle, sidecar)
    world.submit("task-1", "payments-one")
    fails(world, moment, first)
