"""A moment after which nothing is sent."""

from __future__ import annotations

from dataclasses import dataclass

from runbook_gate.clock import Reading


@dataclass(frozen=True)
class Deadline:
    """A moment by wall clock and by CLOCK_BOOTTIME: whichever passes first counts.

    Attributes:
        at_ms: wall clock, milliseconds since the epoch.
        boottime_ms: CLOCK_BOOTTIME, in milliseconds.
        boot_id: the boot that `boottime_ms` belongs to.
    """

    at_ms: int
    boottime_ms: int
    boot_id: str

    @classmethod
    def of(cls, at_ms: int, basis: Reading) -> Deadline:
        """The deadline `at_ms` as it was set at the moment `basis`."""
        return cls(at_ms, basis.boottime_ms + at_ms - basis.at_ms, basis.boot_id)

    def passed(self, now: Reading) -> bool:
        """Whether it is too late. After a reboot it always is."""
        return now.boot_id != self.boot_id or now.at_ms >= self.at_ms or now.boottime_ms >= self.boottime_ms
