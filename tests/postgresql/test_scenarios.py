"""The whole program on the real API server with its ledger on a server."""

from __future__ import annotations

import pytest
from tests.crash.figures import Figures
from tests.crash.killing import Death, killed
from tests.scenarios.theatre import Theatre

pytestmark = pytest.mark.scenario
POINTS = ("commit decision cp1 + intent cp2 1 / after", "commit completed cp4 1 after intent 1 / before")


def test_a_repair_completes(theatre: Theatre) -> None:
    theatre.submit()
    assert theatre.run().outcome == "complete"
    assert len(theatre.writes()) == 1
    with theatre.store() as store:
        assert store.verify().result == "chain consistent"


@pytest.mark.parametrize("point", POINTS)
def test_an_executor_that_is_killed_and_another_that_goes_on(theatre: Theatre, point: str) -> None:
    theatre.settings = theatre.settings.model_copy(update={"heads_file": theatre.folder / "heads"})
    theatre.submit()
    figures = Figures(point)
    killed([Death(theatre, "happy path", (point,), sure=True)], {"happy path": figures})
    assert figures.wrong == []
