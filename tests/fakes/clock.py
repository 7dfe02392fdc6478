"""A clock that goes when it is told to."""

from __future__ import annotations

from dataclasses import dataclass, field

from runbook_gate.clock import Reading

BOOT = "5a1c0d4e-0f0b-4a7e-8d0e-6b8e3b1c2d3f"


@dataclass
class ManualClock:
    """Stands still until somebody advances, sleeps, steps or reboots.

    Attributes:
        at_ms: wall clock.
        boottime_ms: boot time.
        boot_id: which boot.
        elapsed_ms: time that passed, which no step and no reboot changes.
        began_ms: wall clock at the beginning.
    """

    at_ms: int = 1_784_635_200_000
    boottime_ms: int = 1_000_000
    boot_id: str = BOOT
    elapsed_ms: int = 0
    began_ms: int = field(init=False)

    def __post_init__(self) -> None:
        self.began_ms = self.at_ms

    def read(self) -> Reading:
        return Reading(self.at_ms, self.boottime_ms, self.boot_id)

    def sleep(self, seconds: float) -> None:
        self.advance(round(seconds * 1000))

    def advance(self, milliseconds: int) -> None:
        """Let time pass."""
        self.at_ms += milliseconds
        self.boottime_ms += milliseconds
        self.elapsed_ms += milliseconds

    def step(self, milliseconds: int) -> None:
        """Set the wall clock forward or back."""
        self.at_ms += milliseconds

    def reboot(self) -> None:
        """Start the kernel again."""
        self.boottime_ms = 0
        self.boot_id = f"{int(self.boot_id[:8], 16) + 1:08x}{self.boot_id[8:]}"
