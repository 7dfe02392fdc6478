"""An alarm rings in its time, whichever was set first, and never once its block has ended."""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack

from runbook_gate.wire.alarms import Alarms

LONG_S = 20.0


def test_what_is_due_first_rings_first_whenever_it_was_set() -> None:
    alarms, rung, late = Alarms(), list[str](), threading.Event()
    with ExitStack() as stack:
        stack.enter_context(alarms.after(LONG_S, lambda: rung.append("never")))
        stack.enter_context(alarms.after(0.05, late.set))
        stack.enter_context(alarms.after(0.01, lambda: rung.append("first")))
        assert late.wait(LONG_S)
    assert rung == ["first"]


def test_a_block_that_has_ended_never_rings() -> None:
    alarms, rung, over = Alarms(), list[str](), threading.Event()
    with alarms.after(0.01, lambda: rung.append("too late")):
        pass
    with alarms.after(0.02, over.set):
        assert over.wait(LONG_S)
    assert rung == []


def test_a_block_does_not_end_in_the_middle_of_its_alarm() -> None:
    alarms, rings, done = Alarms(), threading.Event(), list[bool]()

    def ring() -> None:
        rings.set()
        time.sleep(0.05)
        done.append(True)

    with alarms.after(0.0, ring):
        assert rings.wait(LONG_S)
    assert done == [True]


def test_all_alarms_have_one_thread() -> None:
    alarms, before = Alarms(), set(threading.enumerate())
    for _ in range(3):
        with alarms.after(LONG_S, lambda: None), alarms.after(LONG_S, lambda: None):
            assert len([one for one in set(threading.enumerate()) - before if one.name == "alarms"]) == 1
