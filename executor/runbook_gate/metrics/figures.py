"""The auditors' four figures over the newest runs that ended: each is read once, and a few at a time."""

from __future__ import annotations

from typing import Final

from runbook_gate.ledger import Store
from runbook_gate.ledger.chain import intact
from runbook_gate.queries.figures import Figures
from runbook_gate.queries.people import People
from runbook_gate.queries.records import told

NEWEST: Final = 500
AT_ONCE: Final = 50

Counted = dict[str, tuple[int, int]]


class NewestFigures:
    """Keeps what each run counts for, as long as it is among the newest.

    A run that has ended never changes, so what it counts for does not either. `query figures` counts all runs.

    Args:
        store: the ledger.
        newest: how many of the newest runs are looked at.
        at_once: how many are read at one time.
    """

    def __init__(self, store: Store, *, newest: int = NEWEST, at_once: int = AT_ONCE) -> None:
        self._store, self._newest, self._at_once = store, newest, at_once
        self._kept: dict[str, Counted | None] = {}

    def read(self) -> tuple[Counted, int]:
        """Read some of the runs that were not read yet.

        Returns:
            Of each figure its count and what it is about; and how many of the runs cannot be read.
        """
        wanted = self._store.reading.newest_ended(self._newest)
        self._kept = {run: self._kept[run] for run in wanted if run in self._kept}
        missing = [run for run in wanted if run not in self._kept][: self._at_once]
        if missing:
            people = People(self._store.reading.journal(("paused", "unpaused")))
            self._kept |= {run: self._count(run, people) for run in missing}
        return self._summed(), list(self._kept.values()).count(None)

    def _count(self, run: str, people: People) -> Counted | None:
        figures = Figures(people, self._record)
        for walked in self._store.reading.runs(run):
            figures.add(told(walked))
        return None if figures.unreadable else {figure.name: (figure.count, figure.of) for figure in figures.all}

    def _record(self, sha256: str) -> bytes | None:
        data = self._store.reading.evidence([sha256]).get(sha256)
        return data if intact(data, sha256) else None

    def _summed(self) -> Counted:
        summed = {figure.name: (0, 0) for figure in Figures(People([]), self._record).all}
        for counted in filter(None, self._kept.values()):
            summed = {name: (count + counted[name][0], of + counted[name][1]) for name, (count, of) in summed.items()}
        return summed
