"""The whole program on the real API server with its ledger on a server."""

from __future__ import annotations

import pytest
from tests.crash.figures import Figures
from tests.crash.killing import Death, killed
from tests.scenarios.test_intake import test_target_clear_chain_broken_between_intake_and_cp1  # noqa: F401 - a sample
from tests.scenarios.test_resume import (  # noqa: F401
    test_a_run_of_a_process_that_was_killed_is_taken_over_when_its_lease_is_over,
)
from tests.scenarios.test_waivers import (  # noqa: F401
    test_waiver_absence_open_waiver_that_appears_between_the_attempts,
)
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
