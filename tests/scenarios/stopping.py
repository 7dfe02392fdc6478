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
    """A director that asks the process to stop from the nth time of a moment on.

    Attributes:
        moment: as a director names it, or `opened`, or `waiting`.
        times: how often it has to come.
    """

    moment: str = "opened"
    times: int = 1

    def opened(self, entry: Entry) -> None:
        self._play("opened", entry)

    def waiting(self, until_ms: int) -> None:
        self.seen.append("waiting")

    def asked(self) -> bool:
        """Whether the process is asked to stop."""
        return self.seen.count(self.moment) >= self.times


def run_until(theatre: Theatre, moment: str, *, times: int = 1, **settings: Any) -> Finished:
    """Carry the task out until a moment, or until the nth time of it.

    Raises:
        Stopped: if it stopped.
    """
    stopper = Stopper(theatre.director.cues, [], moment, times)
    chosen = theatre.settings.model_copy(update=settings)
    with theatre.store() as store:
        return Session(chosen, store, stopper, clock=theatre.clock, stopping=stopper.asked).run_task("task-1")
