"""SIGTERM and Ctrl-C: how a process that carries out a run is asked to stop.

- Between two steps and in a wait a run stops at once; what only awaits an answer has until GRACE_S after the signal.
- An answer that did not come by then is given up. Of a write it is in doubt, and the next start looks at it first.
- An append is never interrupted; one that waits for another process to unlock the ledger is given up at once.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Final

from runbook_gate.wire.giving_up import Interrupted

GRACE_S: Final = 1.0
_AGAIN_S: Final = 0.2  # an interruption that comes in a finalizer is lost
_ASKING: Final = (signal.SIGTERM, signal.SIGINT)


class Signals:
    """What this process was asked for by signal, while `heard` lasts.

    Args:
        said: makes the line that stderr gets then; called in the handler, so it may wait for nothing.
    """

    def __init__(self, said: Callable[[], str]) -> None:
        self._asked = self._awaited = False
        self._said = said

    @classmethod
    @contextmanager
    def heard(cls, said: Callable[[], str] = lambda: "Stopping at the next safe point.") -> Iterator[Signals]:
        """Listen until the end of the block; then signals mean again what they meant before."""
        signals = cls(said)
        handlers: dict[signal.Signals, Callable[[int, FrameType | None], None]] = {
            **dict.fromkeys(_ASKING, signals._ask),
            signal.SIGALRM: signals._over,
        }
        before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
        try:
            yield signals
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            for number, handler in before.items():
                signal.signal(number, handler)

    def asked(self) -> bool:
        """Whether the process was asked to stop."""
        return self._asked

    @contextmanager
    def awaiting(self) -> Iterator[None]:
        """A block that only awaits an answer.

        Raises:
            Interrupted: out of the block, GRACE_S after the process was asked to stop.
        """
        self._awaited = True
        try:
            yield
        finally:
            self._awaited = False

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        if self._asked:
            return
        self._asked = True
        signal.setitimer(signal.ITIMER_REAL, GRACE_S, _AGAIN_S)
        with suppress(OSError):  # whoever read it may be gone
            os.write(2, f"{self._said()}\n".encode())  # a handler may not enter a buffer that is in use

    def _over(self, _number: int, _frame: FrameType | None) -> None:
        if self._awaited:
            raise Interrupted
