"""A clock with which a machine sleeps for a while."""

from __future__ import annotations

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
