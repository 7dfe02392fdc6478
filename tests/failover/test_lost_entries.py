"""Ledger entries are lost in a failover: no further write, and an escalation that says so.

The primary dies, its standby is promoted at the same address, and lacks what was recorded since it was cut off.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from tests.postgresql import Standby
from tests.scenarios.clocks import Halting
from tests.scenarios.stopping import run_until
from tests.scenarios.theatre import REMOVED, Theatre, assert_escalated

from runbook_gate.errors import EntriesLost, LeaseLost, Stopped
from runbook_gate.models.entry import Entry
from runbook_gate.session import Session

FAILED_OVER = "ledger_continuity.failed_over"
UNKNOWN_RUN = "ledger_continuity.unknown_run"
BEHIND = "attempt_order.ledger_behind"


def cut_off_and_fail_over(stage: Theatre, standby: Standby, cut_off: str, take_over: str) -> None:
    """Let the standby miss what is recorded after one moment of the run, and take over at another."""

    def cut(_: Entry) -> None:
        standby.cut_off()

    def take(_: Entry) -> None:
        standby.take_over()

    stage.director.cues |= {cut_off: cut, take_over: take}


def test_the_intent_and_the_write_are_lost(stage: Theatre, standby: Standby) -> None:
    cut_off_and_fail_over(stage, standby, "decided:cp0:proceed", "observed:patch_labels")
    with pytest.raises(EntriesLost) as lost:
        stage.run()
    assert lost.value.exit_status == 12
    assert [entry.kind for entry in stage.history().entries] == ["opened", "decision"]

    packet = assert_escalated(stage, stage.run(), FAILED_OVER, BEHIND, origin="cp1", writes=1)
    told = {denial["code"]: denial["facts"] for denial in packet["condition"]}[FAILED_OVER]
    now, before = (
        told["input.observed.gather.body.ledger.database"],
        told["input.observed.gather.body.ledger.recorded_by"],
    )
    assert now == {**before[0], "timeline_id": before[0]["timeline_id"] + 1}
    assert before[1:] == [now][: len(before) - 1]


def test_the_intent_is_lost_and_the_write_was_taken_back_without_a_marker(stage: Theatre, standby: Standby) -> None:
    """The namespace is as it was prequalified, and the ledger knows of no attempt: all else would let a write go."""
    cut_off_and_fail_over(stage, standby, "decided:cp0:proceed", "observed:patch_labels")
    with pytest.raises(EntriesLost):
        stage.run()
    stage.live(REMOVED)
    assert stage.labels() == {}
    assert_escalated(stage, stage.run(), FAILED_OVER, origin="cp1", writes=1)
    assert stage.labels() == {}


def test_it_fails_over_between_the_decision_to_write_and_the_intent(stage: Theatre, standby: Standby) -> None:
    """Nothing is lost, and the gate cannot know of it yet: the transaction of the intent does.

    For the executor it takes no time. Else no intent would follow, since the last read would be too old for one.
    """
    clock = stage.clock = Halting()

    @contextmanager
    def answered() -> Iterator[None]:
        yield
        if stage.director.seen[-1:] == ["observed:gather"] and not stage.director.seen.count("decided:cp1:proceed"):
            with clock.halted():
                standby.cut_off()
                standby.take_over()

    stage.director.cues["decided:cp1:proceed"] = lambda _: clock.catch_up()
    with stage.store() as store:
        finished = Session(stage.settings, store, stage.director, clock=clock, awaiting=answered).run_task("task-1")
    assert stage.asked() == ["cp0 proceed", "cp1 proceed", "cp1 escalate"]
    assert_escalated(stage, finished, FAILED_OVER, origin="cp1")
    entries = stage.history().entries
    assert [entry.kind for entry in entries].count("intent") == 0
    first, last = entries[0].timeline_id or 0, entries[-1].timeline_id
    assert last == first + 1


def test_a_run_without_a_decision_is_taken_up_after_the_failover(stage: Theatre, standby: Standby) -> None:
    with pytest.raises(Stopped):
        run_until(stage, "opened")
    standby.cut_off()
    standby.take_over()
    assert_escalated(stage, stage.run(), FAILED_OVER, origin="cp1")
    assert stage.labels() == {}


def test_what_is_left_to_verify_is_only_read(stage: Theatre, standby: Standby) -> None:
    with pytest.raises(Stopped):
        run_until(stage, "decided:cp2:proceed")
    standby.cut_off()
    standby.take_over()
    finished = stage.run()
    assert stage.way()[-3:] == ["cp3 wait", "cp3 proceed", "cp4 escalate"]
    assert_escalated(stage, finished, FAILED_OVER, origin="cp4", writes=1)


def test_the_whole_run_is_lost(stage: Theatre, standby: Standby) -> None:
    """The task is queued again; the namespace has the marker of a run that the ledger never heard of."""
    standby.cut_off()
    stage.director.cues["observed:patch_labels"] = lambda _: standby.take_over()
    with pytest.raises(LeaseLost):
        stage.run()
    with stage.store() as store:
        assert (store.tasks.status("task-1").state, store.runs.list()) == ("queued", [])
    some = dict(list(REMOVED.items())[:1])
    stage.live(some)

    planned = stage.plan()
    assert (planned.verdict, {denial.code for denial in planned.denials}) == ("escalate", {UNKNOWN_RUN})
    assert_escalated(stage, stage.run(), UNKNOWN_RUN, origin="cp1", writes=1)
