"""What workers come to, and what is said of it meanwhile."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Protocol

from runbook_gate.ledger import Finished
from runbook_gate.queue import KeptFault


class Log(Protocol):
    """Hears what becomes of tasks, and what keeps a worker from them."""

    def fault(self, subject: str, error: Exception) -> None:
        """A task, a run, a packet or a notification has a fault of its own."""
        ...

    def trouble(self, error: Exception, again_s: float) -> None:
        """Nothing can be done for a while."""
        ...


@dataclass
class Tally:
    """What all workers came to. Threads share it.

    Attributes:
        complete: runs that completed.
        escalated: runs that escalated.
        faults: the last fault of each task or packet that was not mended since.
        left: runs that were left half way.
        fatal: what ended the work.
    """

    complete: int = 0
    escalated: int = 0
    faults: dict[str, Exception] = field(default_factory=dict)
    left: int = 0
    fatal: Exception | None = None
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def ended(self, finished: Finished) -> None:
        """A run has ended."""
        with self.lock:
            self.faults.pop(f"task {finished.task}", None)
            self.complete += not finished.packet
            self.escalated += bool(finished.packet)

    def kept(self, fault: KeptFault) -> None:
        """A fault was kept."""
        with self.lock:
            self.faults[fault.subject] = fault.error
