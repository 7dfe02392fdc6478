"""What can be said of a process that works: whether its loops move, and whether it has what a run needs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, Final

from runbook_gate.errors import RunbookGateError

HUNG_S: Final = 180.0  # a loop moves between any two requests; no effect takes as long
STALE_S: Final = 60.0  # a look at the store or at OPA that is older says nothing


class Pulse:
    """When each loop moved last. A loop is known by its thread.

    Args:
        now: seconds, which never go back.
        hung_s: a loop that did not move for so long hangs.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic, hung_s: float = HUNG_S) -> None:
        self._now, self._hung_s = now, hung_s
        self._moved: dict[str, float] = {}

    def begin(self, name: str) -> None:
        """A loop begins; one that ends without `leave` counts as hanging."""
        self._moved[name] = self._now()

    def beat(self) -> None:
        """This thread's loop moves."""
        self._moved[threading.current_thread().name] = self._now()

    def leave(self) -> None:
        """This thread's loop has ended in order."""
        self._moved.pop(threading.current_thread().name, None)

    def still_s(self) -> dict[str, float]:
        """For how many seconds each loop has not moved."""
        now = self._now()
        return {name: round(now - moved, 1) for name, moved in sorted(self._moved.copy().items())}

    def hung(self) -> list[str]:
        """The loops that hang."""
        return [name for name, still_s in self.still_s().items() if still_s > self._hung_s]


class Health:
    """What `/healthz` and `/readyz` say.

    Args:
        pulse: of every loop.
        parts: what has to be looked at before anything is ready.
        now: seconds, which never go back.
    """

    def __init__(self, pulse: Pulse, parts: tuple[str, ...], now: Callable[[], float] = time.monotonic) -> None:
        self._pulse, self._now = pulse, now
        self._lock = threading.Lock()
        self._looked: dict[str, tuple[float, str | None]] = dict.fromkeys(parts, (now(), "not looked at yet"))
        self._failing: dict[str, str] = {}
        self._draining = False

    def looked(self, part: str, fault: Exception | None) -> None:
        """A part was looked at, with this result."""
        with self._lock:
            self._looked[part] = (self._now(), described(fault) if fault else None)

    def failing(self, fault: Exception) -> None:
        """This thread's loop cannot do anything, for this reason."""
        with self._lock:
            self._failing[threading.current_thread().name] = described(fault)

    def going(self) -> None:
        """This thread's loop can go on."""
        with self._lock:
            self._failing.pop(threading.current_thread().name, None)

    def drain(self) -> None:
        """Nothing more is taken."""
        self._draining = True

    def healthy(self) -> tuple[bool, dict[str, Any]]:
        """Whether every loop moves, and what is told of it."""
        hung = self._pulse.hung()
        return not hung, {"healthy": not hung, "hung": hung, "still_s": self._pulse.still_s()}

    def ready(self) -> tuple[bool, dict[str, Any]]:
        """Whether a task could be carried out, and what is told of it."""
        problems = self._problems()
        return not problems, {"ready": not problems, "problems": problems}

    def _problems(self) -> dict[str, str]:
        with self._lock:
            looked, problems, now = self._looked.copy(), self._failing.copy(), self._now()
        for part, (at, problem) in looked.items():
            if problem is not None:
                problems[part] = problem
            elif now - at > STALE_S:
                problems[part] = f"not looked at for {now - at:.0f} s"
        if self._draining:
            problems["process"] = "draining: nothing more is taken"
        return problems


def described(fault: BaseException) -> str:
    """A fault in words that may be told: of an unexpected one only its type."""
    return str(fault) if isinstance(fault, RunbookGateError) else f"unexpected {type(fault).__qualname__}"
