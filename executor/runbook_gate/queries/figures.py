"""Four figures, each a count of runs over those that it is about, and the runs that keep it from being all.

- completed: of the runs that ended, those that completed with nobody's hand in it: no person in the run's entries, no
  pause of the executor begun or ended meanwhile, and the approved state written by the run itself or already there.
- detected: of the runs that ended, those that escalated on a code of a kind, before they could have completed wrongly.
- complete records: of the runs that ended, those whose attempts are all accounted for and whose entries, packet or
  completion record are as their schemas say.
- recovered: of the runs in which, between an intent and cp3's proceed, another process went on or a request to an API
  server failed, those that ended with no second write before the first was resolved.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from runbook_gate.queries.completeness import gaps
from runbook_gate.queries.detections import KINDS, OTHER, kinds_of
from runbook_gate.queries.people import People
from runbook_gate.queries.records import Told, Untold
from runbook_gate.queries.recovery import interrupted, written_once
from runbook_gate.shapes import mapping

_NO_HAND = ("attempt_1", "attempt_2", "none")


@dataclass
class Figure:
    """A share.

    Attributes:
        name: of the figure.
        meaning: what is counted over what.
        count: runs that are so.
        of: runs that it is about.
        others: by run that is not so, or that shows it, the reason.
    """

    name: str
    meaning: str
    count: int = 0
    of: int = 0
    others: dict[str, str] = field(default_factory=dict)

    def plain(self) -> dict[str, Any]:
        """For programs."""
        share = None if self.of == 0 else round(self.count / self.of, 4)
        told = {"name": self.name, "meaning": self.meaning, "count": self.count, "of": self.of, "share": share}
        return {**told, "runs": dict(sorted(self.others.items()))}


class Figures:
    """The four figures, of runs given one after the other.

    Args:
        people: who asked what of the store.
        record: reads a run's packet or completion record by its digest; None if it is not kept or was altered.
    """

    def __init__(self, people: People, record: Callable[[str], bytes | None]) -> None:
        self._people, self._record = people, record
        self.unreadable: dict[str, str] = {}
        self.active = 0
        self._completed = Figure("completed", "completed without manual intervention, of the runs that ended")
        self._detected = {
            kind: Figure(f"detected.{kind}", f"stopped on {kind.replace('_', ' ')}, of the runs that ended")
            for kind in (*KINDS, OTHER)
        }
        self._records = Figure("records", "complete retry ledger and packet or record, of the runs that ended")
        self._recovered = Figure("recovered", "ended, and never wrote twice before knowing, of the interrupted runs")

    @property
    def all(self) -> list[Figure]:
        """The figures in order."""
        return [self._completed, *self._detected.values(), self._records, self._recovered]

    def add(self, run: Told | Untold) -> None:
        """Count a run."""
        if isinstance(run, Untold):
            self.unreadable[run.id] = run.why
            return
        if why := interrupted(run.history):
            fault = written_once(run.history) or ("not ended yet" if run.state == "active" else None)
            self._count(self._recovered, run, fault, ", ".join(why))
        if run.state == "active":
            self.active += 1
            return
        self._count(self._completed, run, self._by_hand(run))
        for kind, figure in self._detected.items():
            found = kinds_of(run.history.newest.body["codes"]) if run.state == "escalated" else set()
            self._count(figure, run, None if kind in found else "", ", ".join(run.codes))
        record = self._record(run.record_sha256) if run.record_sha256 else None
        self._count(self._records, run, "; ".join(gaps(run, record, self._record)) or None)

    def _count(self, figure: Figure, run: Told, fault: str | None, told: str = "") -> None:
        figure.of += 1
        figure.count += fault is None
        if shown := told if fault is None else fault:
            figure.others[run.id] = shown

    def _by_hand(self, run: Told) -> str | None:
        """Why a run that ended did not complete by itself; None if it did."""
        if run.state != "complete":
            return "escalated"
        if self._people.acted_on(run):
            return "a person acted while it ran"
        writer = mapping(run.history.newest.body.get("record")).get("writer")
        return None if writer in _NO_HAND else f"the approved state was written by: {writer}"
