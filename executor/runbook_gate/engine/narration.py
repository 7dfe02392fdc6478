"""What a run tells while it goes on. Telling is never part of deciding."""

from __future__ import annotations

from typing import Protocol

from runbook_gate.errors import NoDecision
from runbook_gate.models.decision import Decision
from runbook_gate.models.entry import Entry


class Narrator(Protocol):
    """Hears what a run does, after it is recorded."""

    def opened(self, entry: Entry) -> None:
        """A run was opened, or goes on (its newest entry)."""
        ...

    def observed(self, entry: Entry) -> None:
        """An effect brought an observation."""
        ...

    def decided(self, entry: Entry, decision: Decision) -> None:
        """The gate decided, inside the fence."""
        ...

    def refused(self, fault: NoDecision) -> None:
        """An answer was not acted on."""
        ...

    def intended(self, entry: Entry) -> None:
        """A write is about to be sent."""
        ...

    def waiting(self, until_ms: int) -> None:
        """The run waits until a moment."""
        ...

    def kept_back(self, problem: str) -> None:
        """A head could not leave the host; it leaves with the next one."""
        ...

    def ended(self, entry: Entry, packet: str | None) -> None:
        """The run has its last entry; an escalation has the id of its packet."""
        ...


class Silent:
    """A narrator that tells nothing."""

    def opened(self, entry: Entry) -> None:
        """Nothing."""

    def observed(self, entry: Entry) -> None:
        """Nothing."""

    def decided(self, entry: Entry, decision: Decision) -> None:
        """Nothing."""

    def refused(self, fault: NoDecision) -> None:
        """Nothing."""

    def intended(self, entry: Entry) -> None:
        """Nothing."""

    def waiting(self, until_ms: int) -> None:
        """Nothing."""

    def kept_back(self, problem: str) -> None:
        """Nothing."""

    def ended(self, entry: Entry, packet: str | None) -> None:
        """Nothing."""


class Chorus:
    """A narrator that is several.

    Args:
        narrators: each hears everything, in this order.
    """

    def __init__(self, *narrators: Narrator) -> None:
        self._narrators = narrators

    def opened(self, entry: Entry) -> None:
        """A run was opened, or goes on (its newest entry)."""
        for narrator in self._narrators:
            narrator.opened(entry)

    def observed(self, entry: Entry) -> None:
        """An effect brought an observation."""
        for narrator in self._narrators:
            narrator.observed(entry)

    def decided(self, entry: Entry, decision: Decision) -> None:
        """The gate decided, inside the fence."""
        for narrator in self._narrators:
            narrator.decided(entry, decision)

    def refused(self, fault: NoDecision) -> None:
        """An answer was not acted on."""
        for narrator in self._narrators:
            narrator.refused(fault)

    def intended(self, entry: Entry) -> None:
        """A write is about to be sent."""
        for narrator in self._narrators:
            narrator.intended(entry)

    def waiting(self, until_ms: int) -> None:
        """The run waits until a moment."""
        for narrator in self._narrators:
            narrator.waiting(until_ms)

    def kept_back(self, problem: str) -> None:
        """A head could not leave the host; it leaves with the next one."""
        for narrator in self._narrators:
            narrator.kept_back(problem)

    def ended(self, entry: Entry, packet: str | None) -> None:
        """The run has its last entry; an escalation has the id of its packet."""
        for narrator in self._narrators:
            narrator.ended(entry, packet)
