"""Counts what happens in a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from runbook_gate.engine.narration import Narrator
from runbook_gate.errors import NoDecision
from runbook_gate.models.decision import Decision
from runbook_gate.models.entry import Entry

if TYPE_CHECKING:
    from runbook_gate.metrics.instruments import Metrics

_VERIFICATION: Final = "cp3"
_OUTCOMES: Final = {"completed": "complete", "escalated": "escalated"}


class CountingNarrator:
    """A narrator of one run at a time.

    Times are those of the ledger by CLOCK_BOOTTIME, between two entries of one lease: what another process did, and
    the time in which nobody was at work, is not measured.

    Args:
        inner: hears everything too.
        metrics: where it is counted.
    """

    def __init__(self, inner: Narrator, metrics: Metrics) -> None:
        self._inner, self._metrics = inner, metrics
        self._before: Entry | None = None
        self._last: Entry | None = None
        self._asked: Entry | None = None
        self._rounds = 0

    def opened(self, entry: Entry) -> None:
        """The newest entry there is, perhaps of another process."""
        self._inner.opened(entry)
        self._before = self._last = entry
        self._asked, self._rounds = None, 0

    def observed(self, entry: Entry) -> None:
        """A round, if it belongs to the verification."""
        self._inner.observed(entry)
        self._own(entry)
        self._rounds += entry.checkpoint == _VERIFICATION

    def decided(self, entry: Entry, decision: Decision) -> None:
        """A decision, with its codes, and the time since the one before."""
        self._inner.decided(entry, decision)
        self._own(entry)
        self._metrics.decisions.labels(decision.checkpoint, decision.verdict).inc()
        for code in sorted({denial.code for denial in decision.denials}):
            self._metrics.denials.labels(decision.checkpoint, decision.verdict, self._metrics.bounded(code)).inc()
        if (seconds := _between(self._last, entry)) is not None:
            self._metrics.checkpoint.labels(decision.checkpoint).observe(seconds)
        self._last = entry
        self._verified(entry, decision)

    def _verified(self, entry: Entry, decision: Decision) -> None:
        if decision.checkpoint == _VERIFICATION and decision.verdict != "wait":
            self._metrics.rounds.observe(self._rounds)
            if (seconds := _between(self._asked, entry)) is not None:
                self._metrics.verification.observe(seconds)
        if decision.checkpoint != _VERIFICATION:
            self._asked, self._rounds = entry, 0

    def refused(self, fault: NoDecision) -> None:
        """An answer that was not acted on."""
        self._inner.refused(fault)
        self._metrics.refused.labels(self._metrics.bounded(fault.code)).inc()

    def intended(self, entry: Entry) -> None:
        """An attempt."""
        self._inner.intended(entry)
        self._metrics.attempts.labels(str(entry.attempt)).inc()

    def waiting(self, until_ms: int) -> None:
        """Only passed on."""
        self._inner.waiting(until_ms)

    def kept_back(self, problem: str) -> None:
        """A head that could not leave."""
        self._inner.kept_back(problem)
        self._metrics.kept_back.inc()

    def ended(self, entry: Entry, packet: str | None) -> None:
        """The end."""
        self._inner.ended(entry, packet)
        self._own(entry)
        self._metrics.ended.labels(_OUTCOMES[entry.kind]).inc()

    def _own(self, entry: Entry) -> None:
        """The first entry of one's own shows whether the lease has changed hands."""
        if self._before is not None and self._before.lease != entry.lease:
            self._metrics.takeovers.inc()
        self._before = None


def _between(first: Entry | None, second: Entry) -> float | None:
    if first is None or (first.lease, first.boot_id) != (second.lease, second.boot_id):
        return None
    return (second.boottime_ms - first.boottime_ms) / 1000
