"""Runs that are asked to stop at a moment, as SIGTERM would."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.scenarios.theatre import Director, Theatre

from runbook_gate.ledger import Finished
from runbook_gate.models.entry import Entry
from runbook_gate.session import Session


@dataclass
class Stopper(Director):
    """A director that asks the process to stop once some moments came, one after the other.

    Attributes:
        moments: as a director names them, or `opened`, or `waiting`.
    """

    moments: tuple[str, ...] = ()

    def opened(self, entry: Entry) -> None:
        self._play("opened", entry)

    def waiting(self, until_ms: int) -> None:
        self.seen.append("waiting")

    def asked(self) -> bool:
        """Whether the process is asked to stop."""
        seen = iter(self.seen)
        return all(moment in seen for moment in self.moments)


def run_until(theatre: Theatre, *moments: str, **settings: Any) -> Finished:
    """Carry the task out until these moments came, one after the other.

    Raises:
        Stopped: if it stopped.
    """
    stopper = Stopper(theatre.director.cues, [], moments)
    chosen = theatre.settings.model_copy(update=settings)
    with theatre.store() as store:
        return Session(chosen, store, stopper, clock=theatre.clock, stopping=stopper.asked).run_task("task-1")
