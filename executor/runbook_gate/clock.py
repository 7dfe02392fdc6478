"""The clock: wall time for people and records, boot time for what must not jump."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class Reading:
    """One look at the clock.

    Attributes:
        at_ms: wall clock, milliseconds since the epoch. It can be set, so it can jump.
        boottime_ms: milliseconds since the kernel started, suspended time included. It never jumps.
        boot_id: which start of the kernel; boottime compares only within it.
    """

    at_ms: int
    boottime_ms: int
    boot_id: str


class Clock(Protocol):
    """What the executor knows of time."""

    def read(self) -> Reading:
        """Look at the clock."""

    def sleep(self, seconds: float) -> None:
        """Wait.

        Args:
            seconds: how long.
        """


class SystemClock:
    """CLOCK_REALTIME, CLOCK_BOOTTIME and the kernel's boot id."""

    def __init__(self) -> None:
        self._boot_id = _BOOT_ID.read_text(encoding="ascii").strip()

    def read(self) -> Reading:
        """Look at the clock.

        Returns:
            Both clocks, read one after the other.
        """
        return Reading(
            at_ms=time.time_ns() // 1_000_000,
            boottime_ms=time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000,
            boot_id=self._boot_id,
        )

    def sleep(self, seconds: float) -> None:
        """Wait; a signal handler that raises ends the wait.

        Args:
            seconds: how long.
        """
        time.sleep(seconds)
