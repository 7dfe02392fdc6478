"""Takes the queue one step forward: `run --next`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from runbook_gate.delivery import deliver, undelivered
from runbook_gate.errors import HeldElsewhere, LedgerUnwritable, Stopped, Undelivered
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
    """Faults of single packets and tasks, kept so that the ones behind them have their turn."""

    def __init__(self) -> None:
        self._kept: list[Exception] = []

    @contextmanager
    def kept(self, *, resumable: bool = False) -> Iterator[None]:
        """Keep what goes wrong with one; a target that another process holds is no fault.

        Args:
            resumable: keep also what leaves a run resumable.
        """
        try:
            yield
        except HeldElsewhere:
            pass
        except LedgerUnwritable:
            raise  # it is the store's, so everybody's
        except Exception as fault:
            if isinstance(fault, Stopped) and not resumable:
                raise
            self._kept.append(fault)

    def raise_first(self, kind: type[Exception] = Exception) -> None:
        """Raise the first of a kind that was kept, if any."""
        for fault in self._kept:
            if isinstance(fault, kind):
                raise fault


def run_next(session: Session) -> Progress:
    """Deliver what was not, sweep runs past their deadline, then take the task that has been due the longest.

    A packet, a run or a task with a fault of its own never holds up the others: its fault is raised at the end.

    Returns:
        What the sweep ended, and what the due task came to.

    Raises:
        Stopped: the due run can be resumed.
        Undelivered: everything else was done.
        Exception: nothing was run, and at least one task could not be: its fault.
    """
    swept, faults = [], Faults()
    for packet in undelivered(session.store, session.settings.packet_dir):
        with faults.kept(resumable=True):
            deliver(session.store, packet, session.settings.packet_dir)
    for late in session.store.runs.past_deadline():
        session.check_stopping()
        with faults.kept(resumable=True):
            swept.append(session.run_task(late.task))
    taken = _take(session, faults)
    faults.raise_first(Undelivered)
    if not swept and not taken:
        faults.raise_first()
    return Progress(swept, taken)


def _take(session: Session, faults: Faults) -> Finished | None:
    waiting = session.store.tasks.due(limit=DUE)
    if waiting:
        read_bundle(session.settings)  # what no task can do without is no task's fault
    for due in waiting:
        session.check_stopping()
        with faults.kept():
            return session.run_task(due.id)
        session.store.tasks.defer(due.id, session.clock.read().at_ms + BACKOFF_MS)
    return None
