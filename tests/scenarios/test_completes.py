"""Runs that complete."""

from __future__ import annotations

from tests.scenarios.theatre import Theatre, assert_completed


def test_all_six_labels_removed(theatre: Theatre) -> None:
    theatre.submit()
    finished = theatre.run()
    assert_completed(theatre, finished, writes=1)
    assert theatre.asked() == [
        "cp0 proceed",
        "cp1 proceed",
        "cp2 proceed",
        "cp3 wait",
        "cp3 proceed",
        "cp4 complete",
    ]
