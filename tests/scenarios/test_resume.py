"""A run that stopped goes on from its ledger, in a new session and under the policy that decides it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.scenarios import process
from tests.scenarios.bundles import Changes, edited, served
from tests.scenarios.stand_in_opa import Ask, Reply, StandInOpa
from tests.scenarios.stopping import run_until
from tests.scenarios.theatre import Theatre, assert_completed, assert_escalated

from runbook_gate.configuration import Opa
from runbook_gate.errors import HeldElsewhere, NoDecision, Stopped
from runbook_gate.gate.bundle import Bundle
from runbook_gate.gate.sidecar import Sidecar

COMPLETES = ["cp0 proceed", "cp1 proceed", "cp2 proceed", "cp3 wait", "cp3 proceed", "cp4 complete"]


# --- stopped, and started again ---


@pytest.mark.parametrize(
    ("moment", "times", "writes", "asks"),
    [
        ("opened", 1, 0, "cp0"),
        ("decided:cp0:proceed", 1, 0, "cp1"),
        ("observed:gather", 1, 0, "cp1"),
        ("intended", 1, 1, "cp2"),
        ("observed:patch_labels", 1, 1, "cp2"),
        ("observed:resolve_write", 1, 1, "cp2"),
        ("decided:cp2:proceed", 1, 1, "cp3"),
        ("observed:verify", 1, 1, "cp3"),
        ("waiting", 1, 1, "cp3"),
        ("observed:verify", 2, 1, "cp3"),
        ("decided:cp3:proceed", 1, 1, "cp4"),
        ("observed:gather", 2, 1, "cp4"),
    ],
)
def test_a_run_that_is_stopped_goes_on_where_its_ledger_ends(
    theatre: Theatre, moment: str, times: int, writes: int, asks: str
) -> None:
    theatre.submit()
    with pytest.raises(Stopped) as stopped:
        run_until(theatre, moment, times=times)
    assert stopped.value.exit_status == 12
    assert len(theatre.writes()) == writes
    before = theatre.history()

    assert_completed(theatre, theatre.run(), writes=1)
    after = theatre.history()
    assert list(after.entries)[: len(before.entries)] == list(before.entries)
    assert next(entry for entry in after.decisions() if entry.seq > before.newest.seq).checkpoint == asks
    assert [entry.kind for entry in after.entries].count("intent") == 1
    with theatre.store() as store:
        assert len(store.runs.list()) == 1
        assert store.verify().result == "chain consistent"


def test_a_run_that_is_stopped_after_its_last_decision_only_finishes_its_record(theatre: Theatre) -> None:
    theatre.submit()
    finished = run_until(theatre, "decided:cp4:complete")
    assert theatre.run() == finished
    assert_completed(theatre, finished, writes=1)


# --- the go to write ---


def test_a_go_that_comes_too_late_after_the_last_read_lapses_and_is_asked_for_again(
    theatre: Theatre, sidecar: Sidecar
) -> None:
    theatre.submit()
    with slow_once(theatre, sidecar):
        finished = theatre.run()
    assert_completed(theatre, finished, writes=1)
    assert theatre.asked() == ["cp0 proceed", "cp1 proceed", *COMPLETES[1:]]
    assert [entry.kind for entry in theatre.history().entries].count("intent") == 1


def test_a_go_is_not_for_another_process_than_the_one_that_received_it(theatre: Theatre, sidecar: Sidecar) -> None:
    theatre.submit()
    with slow_once(theatre, sidecar), pytest.raises(Stopped):
        run_until(theatre, "decided:cp1:proceed")
    assert theatre.history().newest.body["next"]["action"] == "patch_labels"
    assert theatre.writes() == []
    assert_completed(theatre, theatre.run(), writes=1)
    assert theatre.director.seen[:2] == ["observed:gather", "decided:cp1:proceed"]


# --- another policy ---


CHANGED: Changes = {"gate/gate.rego": [("package gate\n", "package gate\n\n# A new release.\n")]}


@pytest.fixture
def changed(theatre: Theatre, opa_binary: Path) -> Bundle:
    """A bundle that decides the same, and is another one."""
    return edited(theatre.folder, opa_binary, CHANGED)
