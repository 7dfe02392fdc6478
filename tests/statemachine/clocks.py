"""Two clocks that agree until somebody sets one: the executor's machine and the API server's."""

from __future__ import annotations

from dataclasses import dataclass

from tests.fakes.clock import ManualClock
from tests.statemachine.process import point

from runbook_gate.clock import Reading


@dataclass
class HostClock(ManualClock):
    """The clock of the machine on which executors run.

    Attributes:
        stepped_ms: how far its wall clock was set from the true time, in all.
    """

    stepped_ms: int = 0

    def sleep(self, seconds: float) -> None:
        point("sleep")
        super().sleep(seconds)

    def step(self, milliseconds: int) -> None:
        super().step(milliseconds)
        self.stepped_ms += milliseconds


@dataclass
class TrueClock:
    """The time of everybody else."""

    host: HostClock

    def read(self) -> Reading:
        return Reading(self.host.at_ms - self.host.stepped_ms, self.host.boottime_ms, self.host.boot_id)

    def sleep(self, seconds: float) -> None:
        self.host.advance(round(seconds * 1000))
