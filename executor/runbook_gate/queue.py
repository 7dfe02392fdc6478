"""Takes the queue one step forward: `run --next`, and each worker of `work`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from runbook_gate.delivery import deliver, undelivered
from runbook_gate.errors import (
    HeldElsewhere,
    LedgerOfAnotherVersion,
    LedgerUnwritable,
    Paused,
    Stopped,
    Undelivered,
)
from runbook_gate.holding import BACKOFF_MS
from runbook_gate.ledger import Finished, Store, TaskStatus
from runbook_gate.session import Session

DUE: Final = 500


@dataclass(frozen=True)
class KeptFault:
    """What went wrong with one packet or task.

    Attributes:
        subject: which, such as `task restore-psa-0001`.
        error: its fault.
    """

    subject: str
    error: Exception


@dataclass(frozen=True)
class Progress:
    """What `run --next` came to.

    Attributes:
        swept: runs past their deadline that were ended.
        taken: the due task's end; None if nothing was due.
        faults: what went wrong with others meanwhile.
    """

    swept: list[Finished]
    taken: Finished | None
    faults: list[KeptFault]


class Faults:
    """Faults of single packets and tasks, kept so that the ones behind them have their turn.

    Attributes:
        kept: in the order in which they came.
    """

    def __init__(self) -> None:
        self.kept: list[KeptFault] = []

    @contextmanager
    def of(self, subject: str, *, resumable: bool = False) -> Iterator[None]:
        """Keep what goes wrong with one; a target that another process holds is no fault.

        Args:
            subject: the packet or task.
            resumable: keep also what leaves a run resumable.
        """
        try:
            yield
        except HeldElsewhere:
            pass
        except (LedgerOfAnotherVersion, LedgerUnwritable):
            raise  # it is the store's, so everybody's
        except Exception as fault:
            if isinstance(fault, Stopped) and not resumable:
                raise
            self.kept.append(KeptFault(subject, fault))

    def raise_first(self, kind: type[Exception] = Exception) -> None:
        """Raise the first of a kind that was kept, if any."""
        for fault in self.kept:
            if isinstance(fault.error, kind):
                raise fault.error


def run_next(session: Session) -> Progress:
    """Deliver what was not, sweep runs past their deadline, then take the task that has been due the longest.

    A packet, a run or a task with a fault of its own never holds up the others: its fault is kept, and told at the end.

    Returns:
        What the sweep ended, what the due task came to, and the faults of others.

    Raises:
        Stopped: the due run can be resumed.
        Undelivered: everything else was done.
        Paused: nothing was run, and tasks wait for the end of a pause.
        Exception: nothing was run, and at least one task could not be: its fault.
    """
    faults = Faults()
    swept = tidy(session, faults)
    paused = pause_of(session.store)
    waiting = session.store.tasks.due(limit=DUE, queued=paused is None)
    if waiting:
        session.policies.given()  # what no task can do without is no task's fault
    taken = take(session, waiting, faults)
    faults.raise_first(Undelivered)
    if not swept and not taken:
        faults.raise_first()
        tell_waiting(session.store, paused)
    return Progress(swept, taken, faults.kept)


def pause_of(store: Store) -> Paused | None:
    """What keeps queued tasks in the queue, if somebody paused the executor; no decision rests on it (ADR 24).

    Args:
        store: the ledger.
    """
    pause = store.pauses.current()
    return Paused(pause.actor, pause.reason) if pause else None


def tell_waiting(store: Store, paused: Paused | None) -> None:
    """After nothing was taken.

    Args:
        store: the ledger.
        paused: the pause under which nothing was.

    Raises:
        Paused: tasks wait for its end.
    """
    if paused and store.tasks.list("queued", limit=1):
        raise paused


def tidy(session: Session, faults: Faults) -> list[Finished]:
    """Deliver what was not, and end runs past their deadline.

    Args:
        session: carries the runs out.
        faults: keeps what goes wrong with single packets and runs.

    Returns:
        The runs that were ended.
    """
    swept = []
    for packet in undelivered(session.store, session.settings.packet_dir):
        session.check_stopping()
        with faults.of(f"packet {packet}", resumable=True):
            deliver(session.store, packet, session.settings.packet_dir)
    for late in session.store.runs.past_deadline(limit=DUE):
        session.check_stopping()
        with faults.of(f"task {late.task}", resumable=True):
            swept.append(session.run_task(late.task))
    return swept


def take(
    session: Session,
    waiting: Iterable[TaskStatus],
    faults: Faults,
    *,
    resumable: bool = False,
    held_ms: int = BACKOFF_MS,
) -> Finished | None:
    """Carry out the first of these tasks that can be; those before it fall back behind the others.

    Args:
        session: carries the run out.
        waiting: due tasks, the oldest first.
        faults: keeps what goes wrong with single tasks.
        resumable: keep also what leaves a run resumable.
        held_ms: when a target that somebody holds is tried again.

    Returns:
        How it ended; None if none did.
    """
    for due in waiting:
        session.check_stopping()
        before = len(faults.kept)
        with faults.of(f"task {due.id}", resumable=resumable):
            return session.run_task(due.id)
        kept = [one.error for one in faults.kept[before:]]
        if not any(isinstance(error, Stopped) for error in kept):  # which has said itself when it is due again
            later_ms = BACKOFF_MS if kept else held_ms
            session.store.tasks.defer(due.id, session.clock.read().at_ms + later_ms)
    return None
