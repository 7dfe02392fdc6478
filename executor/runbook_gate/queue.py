"""Takes the queue one step forward: `run --next`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from runbook_gate.delivery import deliver, undelivered
from runbook_gate.errors import (
    EnvironmentFault,
    HeldElsewhere,
    LedgerBroken,
    RunbookGateError,
    Stopped,
    Undelivered,
    UsageFault,
)
from runbook_gate.holding import BACKOFF_MS
from runbook_gate.ledger import Finished
from runbook_gate.serving import read_bundle
from runbook_gate.session import Session

DUE: Final = 500


@dataclass(frozen=True)
class Progress:
    """What `run --next` came to.

    Attributes:
        swept: runs past their deadline that were ended.
        taken: the due task's end; None if nothing was due.
    """

    swept: list[Finished]
    taken: Finished | None


class Faults:
    """Faults of single tasks, kept so that the tasks behind them have their turn."""

    def __init__(self) -> None:
        self._first: RunbookGateError | None = None

    @contextmanager
    def kept(self, *kinds: type[RunbookGateError]) -> Iterator[None]:
        """Keep faults of these kinds; a target that another process holds is none."""
        try:
            yield
        except Undelivered:
            raise
        except HeldElsewhere:
            pass
        except kinds as fault:
            self._first = self._first or fault

    def raise_first(self) -> None:
        """Raise the first that was kept, if any."""
        if self._first is not None:
            raise self._first


def run_next(session: Session) -> Progress:
    """Deliver what was not, sweep runs past their deadline, then take the oldest due task.

    A task that cannot be run now never holds up the ones behind it: its fault is raised at the end.

    Returns:
        What the sweep ended, and what the due task came to.

    Raises:
        Stopped: the due run can be resumed.
        RunbookGateError: nothing was run, and at least one task could not be.
    """
    for packet in undelivered(session.store, session.settings.packet_dir):
        deliver(session.store, packet, session.settings.packet_dir)
    swept, faults = [], Faults()
    for late in session.store.runs.past_deadline():
        session.check_stopping()
        with faults.kept(Stopped, HeldElsewhere, UsageFault, LedgerBroken, EnvironmentFault):
            swept.append(session.run_task(late.task))
    waiting = session.store.tasks.due(limit=DUE)
    if waiting:
        read_bundle(session.settings)  # what no task can do without is no task's fault
    for due in waiting:
        session.check_stopping()
        with faults.kept(HeldElsewhere, UsageFault, LedgerBroken, EnvironmentFault):
            return Progress(swept, session.run_task(due.id))
        session.store.tasks.defer(due.id, session.clock.read().at_ms + BACKOFF_MS)
    if not swept:
        faults.raise_first()
    return Progress(swept, None)
