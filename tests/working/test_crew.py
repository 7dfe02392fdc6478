"""Workers as threads of this process, with a cluster in memory: what their readiness and health say over HTTP."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.queue.conftest import Queue
from tests.working.conftest import until
from tests.working.crews import ends, finished, working

from runbook_gate.cluster.calls import Call
from runbook_gate.working.health import HUNG_S


def test_every_task_ends_and_the_work_with_them(queue: Queue) -> None:
    for task in ("a", "b", "c", "d"):
        queue.submit(task)
    with working(queue, until_empty=True) as works:
        ends(works)
    assert works.tally is not None
    assert (works.tally.complete, works.tally.escalated, works.notes.faults) == (4, 0, [])


def test_a_task_with_a_fault_of_its_own_holds_up_nobody_and_is_told(queue: Queue) -> None:
    queue.submit("bad")
    queue.submit("good")

    def fault(call: Call) -> None:
        if "payments-bad" in str(call.path_params):
            raise RuntimeError("a bug")

    queue.fault = fault
    with working(queue, until_empty=True) as works:
        ends(works)
    assert works.tally is not None
    assert works.tally.complete == 1
    assert set(works.notes.faults) == {"task bad: RuntimeError"}
    assert [(subject, type(error)) for subject, error in works.tally.faults.items()] == [("task bad", RuntimeError)]


def hanging(queue: Queue) -> tuple[threading.Event, threading.Event]:
    """Let a task hang: set once it does, and what lets it go on."""
    hangs, over = threading.Event(), threading.Event()

    def fault(call: Call) -> None:
        hangs.set()
        over.wait(60)

    queue.fault = fault
    queue.submit("hangs")
    return hangs, over


def test_a_loop_that_hangs_is_seen_while_the_others_move(queue: Queue) -> None:
    hangs, over = hanging(queue)
    with working(queue) as works:
        assert hangs.wait(30)
        assert works.ask("/healthz")[0] == 200
        works.seconds += HUNG_S + 1
        until(lambda: len(works.ask("/healthz")[1]["hung"]) == 1)
        status, told = works.ask("/healthz")
        assert (status, told["healthy"]) == (503, False)
        assert told["hung"][0].startswith("worker-")
        over.set()
        until(lambda: works.ask("/healthz")[0] == 200)


PARTS: dict[str, Callable[[Queue], Path]] = {
    "bundle": lambda queue: queue.settings.bundle or Path(),
    "socket": lambda queue: queue.settings.opa.socket or Path(),
}


@pytest.mark.parametrize("part", PARTS)
def test_what_no_run_can_do_without_is_waited_for(queue: Queue, part: str) -> None:
    path = PARTS[part](queue)
    aside = path.with_name("aside")
    with working(queue) as works:
        until(works.is_ready)
        path.rename(aside)
        try:
            until(lambda: "policy" in works.ask("/readyz")[1]["problems"])
            assert not works.is_ready()
        finally:
            aside.rename(path)
        queue.submit("late")
        until(works.is_ready)
        until(lambda: finished(queue, "late"))
    assert works.tally is not None
    assert works.tally.complete == 1


def test_nothing_is_ready_any_more_once_it_drains(queue: Queue) -> None:
    hangs, over = hanging(queue)
    with working(queue) as works:
        assert hangs.wait(30)
        works.stop.set()
        until(lambda: works.ask("/readyz")[1]["problems"].get("process", "").startswith("draining"))
        assert not works.is_ready()
        over.set()
    assert works.tally is not None
    assert works.tally.left == 1


def test_while_it_is_paused_nothing_is_taken_and_it_says_so(queue: Queue) -> None:
    for task in ("a", "b"):
        queue.submit(task)
    queue.pause()
    with working(queue) as works:
        until(lambda: "Paused" in works.notes.troubles)
        until(works.is_ready)  # a rollout need not wait
        with queue.open() as store:
            assert store.runs.list() == []
            store.pauses.unpause(actor="leah")
        until(lambda: finished(queue, "a") and finished(queue, "b"))
    assert works.tally is not None
    assert (works.tally.complete, works.tally.escalated) == (2, 0)
