"""Clocks: the real one and the one of the tests keep the same promises."""

from __future__ import annotations

import time

import pytest
from tests.fakes.clock import ManualClock

from runbook_gate.clock import Clock, SystemClock


@pytest.mark.parametrize("clock", [SystemClock(), ManualClock()], ids=lambda clock: type(clock).__name__)
def test_both_clocks_go_while_one_sleeps(clock: Clock) -> None:
    before = clock.read()
    clock.sleep(0.05)
    after = clock.read()
    assert 50 <= after.boottime_ms - before.boottime_ms < 5000
    assert after.at_ms - before.at_ms >= 49
    assert after.boot_id == before.boot_id


def test_the_system_clock_is_the_systems() -> None:
    before, reading, after = time.time(), SystemClock().read(), time.time()
    assert int(before * 1000) <= reading.at_ms <= after * 1000
    assert abs(reading.boottime_ms - time.clock_gettime(time.CLOCK_BOOTTIME) * 1000) < 5000
    assert len(reading.boot_id) == 36


def test_a_manual_clock_can_step_and_reboot() -> None:
    clock = ManualClock()
    before = clock.read()
    clock.step(-1000)
    assert (clock.at_ms - before.at_ms, clock.boottime_ms - before.boottime_ms) == (-1000, 0)
    clock.reboot()
    assert clock.read().boottime_ms == 0
    assert clock.read().boot_id != before.boot_id
