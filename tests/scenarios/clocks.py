"""Clocks with which a machine sleeps for a while, or that stand still meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from runbook_gate.clock import Reading, SystemClock


class Suspendable(SystemClock):
    """The system's clock, and a CLOCK_BOOTTIME that a test sets ahead.

    Attributes:
        ahead_ms: how long the machine slept. Wall clock and API server know nothing of it.
    """

    ahead_ms = 0

    def read(self) -> Reading:
        now = super().read()
        return Reading(now.at_ms, now.boottime_ms + self.ahead_ms, now.boot_id)


class Halting(SystemClock):
    """The system's clocks, which stand still for a block and are behind until they catch up."""

    def __init__(self) -> None:
        super().__init__()
        self._behind_ms = 0
        self._halted: Reading | None = None

    def read(self) -> Reading:
        if self._halted:
            return self._halted
        now = super().read()
        return Reading(now.at_ms - self._behind_ms, now.boottime_ms - self._behind_ms, now.boot_id)

    @contextmanager
    def halted(self) -> Iterator[None]:
        """For the time of a block they stand still."""
        self._halted = self.read()
        yield
        stood, self._halted = self._halted, None
        self._behind_ms += self.read().boottime_ms - stood.boottime_ms

    def catch_up(self) -> None:
        """They are what the system's are again."""
        self._behind_ms = 0
