"""A run that loses its server in a commit, whether the commit was carried out or not, goes on and ends as it should."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from tests.fakes.runs import LittleWorld
from tests.postgresql.databases import DATABASES
from tests.postgresql.line import Line, Moment
from tests.promise import broken

from runbook_gate.errors import LedgerUnwritable
from runbook_gate.gate.bundle import Bundle
from runbook_gate.gate.sidecar import Sidecar
from runbook_gate.ledger.leases import LEASE_S
from runbook_gate.stores import store_place

SAMPLE = (1, 4, 8)  # commits before the one that is lost; with --whole each
EVERY = range(60)


@pytest.fixture
def line() -> Iterator[Line]:
    with Line(DATABASES.server) as made:
        yield made


def world_on(folder: Path, line: Line, bundle: Bundle, sidecar: Sidecar) -> LittleWorld:
    folder.mkdir()
    world = LittleWorld(folder, bundle, sidecar)
    place = line.to(DATABASES.place(store_place(world.settings).url.dbname))  # type: ignore[union-attr]
    world.settings = world.settings.model_copy(update={"store": place.url})
    world.submit("task-1", "payments-one")
    return world


@pytest.mark.parametrize("moment", get_args(Moment))
def test_a_run_goes_on(
    tmp_path: Path, bundle: Bundle, sidecar: Sidecar, line: Line, moment: Moment, whole: bool
) -> None:
    lost = 0
    for commits in EVERY if whole else SAMPLE:
        world = world_on(tmp_path / str(commits), line, bundle, sidecar)
        line.moment, line.left = moment, commits
        try:
            finished = world.run("task-1")
        except LedgerUnwritable:
            lost += 1
            line.left = None
            world.clock.advance(LEASE_S * 1000 + 60_000)
            finished = world.run("task-1")
        else:
            line.left = None
            assert commits > SAMPLE[-1]  # the run has no more of them
        assert finished.outcome == "complete"
        with world.open() as store:
            assert broken(store, [*world.server.created, *world.server.audit]) == []
            assert store.verify().consistent
    assert lost >= len(SAMPLE)
