"""Brings notifications to their receiver while others work: a thread of its own, so that no run waits for an answer.

- It looks when a run has ended and every few seconds, and once more when the last worker has ended.
- One request at a time; what a fault means for the next one is the outbox's to say.
- Whatever it meets is told, and changes nothing of what the work comes to.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import Final

from runbook_gate.errors import LedgerOfAnotherVersion, Stopped, Undelivered
from runbook_gate.ledger import OF_ONE
from runbook_gate.notifications import Sent
from runbook_gate.notifications.advice import advice
from runbook_gate.wire.giving_up import Interrupted
from runbook_gate.working.tally import Log

LOOK_S: Final = 10.0  # what another process recorded, or is due again
_HEAR_S: Final = 0.5


class Messenger:
    """The loop.

    Args:
        send: sends what is due, as long as one command may.
        log: is told of what was not taken.
        stopping: whether the process was asked to stop.
        heeded: makes the block in which answers are given up when all are.
    """

    def __init__(
        self,
        send: Callable[[], Iterable[Sent]],
        log: Log,
        stopping: Callable[[], bool],
        heeded: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self._send, self._log, self._stopping, self._heeded = send, log, stopping, heeded
        self._awake = threading.Event()
        self._closing = False

    def wake(self) -> None:
        """A run has ended."""
        self._awake.set()

    def close(self) -> None:
        """No run ends any more: look for the last time."""
        self._closing = True
        self._awake.set()

    def go(self) -> None:
        """Send until it is closed, or the process was asked to stop."""
        with suppress(Interrupted), self._heeded():
            while not self._stopping():
                self._awake.clear()
                closing = self._closing  # asked before the look: what came before the end is in it
                more = self._look()
                if closing:
                    return
                if not more:
                    self._wait()

    def _look(self) -> bool:
        """Whether the next look may find something at once."""
        try:
            sent = list(self._send())
        except LedgerOfAnotherVersion:
            return False  # the workers say so, and end
        except Exception as fault:  # the workers wait for the store; this waits for its next look
            if not (isinstance(fault, Stopped) and self._stopping()):
                self._log.trouble(fault, LOOK_S)
            return False
        for one in sent:
            self._tell(one)
        return bool(sent) and (sent[-1].problem is None or sent[-1].problem in OF_ONE)

    def _tell(self, sent: Sent) -> None:
        if sent.problem:
            told = f"{sent.notification.kind} of run {sent.notification.run} was not told: {sent.problem}"
            self._log.fault(f"notification {sent.notification.id}", Undelivered(told, advice=advice(sent.problem)))

    def _wait(self) -> None:
        until = time.monotonic() + LOOK_S
        while not self._stopping() and time.monotonic() < until and not self._awake.wait(_HEAR_S):
            pass
