"""One worker: a task from the desk, its run to the end or to the next safe point, and the next one.

- A task, a run or a packet with a fault of its own is told, and holds up nobody.
- What nobody can do without (the store, the bundle) is waited for, each time longer.
- Tables that were changed since the store was opened do not come back: the work ends.
- A worker that was asked to stop takes nothing more; its run stops as any run does.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Final

from runbook_gate.engine.narration import Silent
from runbook_gate.errors import LedgerOfAnotherVersion, Paused, Stopped
from runbook_gate.ledger import Finished
from runbook_gate.models.entry import Entry
from runbook_gate.queue import Faults, KeptFault, take, tidy
from runbook_gate.session import Session
from runbook_gate.wire.giving_up import Interrupted
from runbook_gate.working.desk import Desk, jittered
from runbook_gate.working.health import Health, Pulse
from runbook_gate.working.tally import Log, Tally

PATIENCE_S: Final = 60.0  # with work that ends, how long what nobody can do without may be away
HELD_MS: Final = 2_000  # until a target that somebody holds is tried again
_FIRST_S, _LONGEST_S = 0.5, 15.0


class InHand(Silent):
    """A narrator that knows whether a run is under way."""

    def __init__(self) -> None:
        self.under_way = False

    def opened(self, entry: Entry) -> None:  # noqa: ARG002
        """A run begins or goes on."""
        self.under_way = True

    def ended(self, entry: Entry, packet: str | None) -> None:  # noqa: ARG002
        """It has its last entry."""
        self.under_way = False


class Worker:
    """The loop.

    Args:
        session: carries out runs; of this worker alone.
        in_hand: hears what the session does.
        desk: has the tasks.
        tally: counts.
        health: hears how it goes.
        pulse: of this loop.
        log: is told of faults.
        stopping: whether the process was asked to stop.
        notify: hears that a run has ended; returns at once.
        heeded: makes the block in which answers are given up when all are.
        patience_s: for what nobody can do without; None waits for ever.
    """

    def __init__(
        self,
        session: Session,
        in_hand: InHand,
        desk: Desk,
        tally: Tally,
        *,
        health: Health,
        pulse: Pulse,
        log: Log,
        stopping: Callable[[], bool],
        notify: Callable[[], None] = lambda: None,
        heeded: Callable[[], AbstractContextManager[None]] = nullcontext,
        patience_s: float | None = None,
    ) -> None:
        self._session, self._in_hand, self._desk, self._tally = session, in_hand, desk, tally
        self._health, self._pulse, self._log, self._stopping = health, pulse, log, stopping
        self._notify, self._heeded, self._patience_s = notify, heeded, patience_s
        self._since: float | None = None
        self._pause_s = _FIRST_S

    def go(self) -> None:
        """Work until it is asked to stop, or all is done."""
        try:
            with self._heeded():
                while not self._stopping() and not self._desk.done:
                    self._pulse.beat()
                    self._turn()
        except Interrupted:
            pass
        finally:
            if self._in_hand.under_way and self._stopping():
                with self._tally.lock:
                    self._tally.left += 1
            self._health.going()

    def _turn(self) -> None:
        self._in_hand.under_way = False
        try:
            moved = self._step()
        except LedgerOfAnotherVersion as fault:
            self._end(fault)
            return
        except Exception as fault:  # everybody's: told, and waited for
            if not (isinstance(fault, Stopped) and self._stopping()):
                self._trouble(fault)
            return
        self._since, self._pause_s = None, _FIRST_S
        self._health.going()
        if not moved:
            self._desk.rest()

    def _step(self) -> bool:
        faults, ended = Faults(), list[Finished]()
        try:
            self._session.unreleased.release(self._session.store)
            if self._desk.tidies():
                ended += tidy(self._session, faults)
            self._session.policies.given()  # what no task can do without is no task's fault
            with self._desk.next(self._session.holder) as task:
                if task is not None:
                    taken = take(self._session, [task], faults, resumable=True, held_ms=HELD_MS)
                    ended += [taken] if taken else []
            if ended:
                self._notify()
        finally:
            for finished in ended:
                self._tally.ended(finished)
            for kept in faults.kept:
                self._tell(kept)
        return task is not None

    def _tell(self, kept: KeptFault) -> None:
        if type(kept.error) is Stopped:
            return  # as it was asked to
        self._tally.kept(kept)
        if not isinstance(kept.error, Stopped):
            self._desk.failed(kept.subject.removeprefix("task "))
        self._log.fault(kept.subject, kept.error)

    def _trouble(self, fault: Exception) -> None:
        now = time.monotonic()
        self._since = self._since or now
        if not isinstance(fault, Paused):  # a rollout goes on while it is paused
            self._health.failing(fault)
        if self._patience_s is not None and now - self._since > self._patience_s:
            self._end(fault)
            return
        again_s, self._pause_s = jittered(self._pause_s), min(2 * self._pause_s, _LONGEST_S)
        self._log.trouble(fault, again_s)
        until = now + again_s
        while (left_s := until - time.monotonic()) > 0 and not self._stopping() and not self._desk.done:
            self._pulse.beat()
            self._desk.pause(left_s)

    def _end(self, fault: Exception) -> None:
        """Of all workers: none can do anything."""
        with self._tally.lock:
            self._tally.fatal = fault
        self._desk.close()
