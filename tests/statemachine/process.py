"""An executor that can be stopped dead, held and let go again at any moment at which it touches the world.

It runs in a thread of its own, but never beside the test: one of the two waits for the other. What it touches calls
`point`; there, and only there, something can happen to it.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal


class Killed(BaseException):
    """The process is no more: what it does from now on, cleaning up included, does not happen."""


@dataclass(frozen=True)
class Incident:
    """What happens when a process comes to a point.

    Attributes:
        kind: of the point.
        nth: at which of them, from 1.
        act: `crash`, `pause`, `stop`, or the name of an act of the world.
        arguments: of the act.
    """

    kind: str
    nth: int
    act: str
    arguments: tuple[Any, ...] = ()


class Process(threading.Thread):
    """A process.

    Args:
        body: what it does.
        perform: performs an act of the world and returns what the one who called `point` makes of it.
        incidents: what happens to it.

    Attributes:
        state: paused processes can go on, killed and ended ones cannot.
        result: what the body returned.
        fault: what it raised.
        leases: run and number of each lease it held.
        stopping: whether it was asked to stop.
        within: whether it is within a transaction, where nobody holds it: all others would wait for it.
        passed: how often it came to each kind of point.
    """

    def __init__(
        self,
        body: Callable[[Process], object],
        perform: Callable[[str, tuple[Any, ...]], Any],
        incidents: Iterable[Incident] = (),
    ) -> None:
        super().__init__(daemon=True)
        self.incidents, self.leases = list(incidents), set[tuple[str, int]]()
        self.state: Literal["new", "running", "paused", "killed", "ended"] = "new"
        self.result: object = None
        self.fault: BaseException | None = None
        self.stopping = self.within = False
        self.passed = Counter[str]()
        self._body, self._perform, self._dead, self._over = body, perform, False, False
        self._turn, self._back = threading.Semaphore(0), threading.Semaphore(0)

    def go(self) -> None:
        """Let it run until it is paused, killed, or ends by itself."""
        before, self.state = self.state, "running"
        assert before in {"new", "paused"}, f"a process that is {before} cannot go on"
        if before == "new":
            self.start()
        else:
            self._turn.release()
        self._back.acquire()
        if self._over:
            self.join()

    def kill(self) -> None:
        """Kill it; nothing happens if it has ended."""
        self._dead = True
        if self.state == "paused":
            self.go()

    def run(self) -> None:
        """The thread."""
        try:
            self.result = self._body(self)
        except BaseException as fault:
            self.fault = fault
        self.state, self._over = "killed" if self._dead else "ended", True
        self._back.release()

    def come_to(self, kind: str) -> Any:
        """What happens at a point."""
        if self._dead:
            raise Killed
        self.passed[kind] += 1
        answers = [self._happen(one) for one in self.incidents if (one.kind, one.nth) == (kind, self.passed[kind])]
        return next((answer for answer in answers if answer is not None), None)

    def _happen(self, incident: Incident) -> Any:
        if incident.act == "crash":
            self._dead = True
            raise Killed
        if incident.act == "pause":
            self._pause()
            return None
        if incident.act == "stop":
            self.stopping = True
            return None
        return self._perform(incident.act, incident.arguments)

    def _pause(self) -> None:
        self.state = "paused"
        self._back.release()
        self._turn.acquire()
        if self._dead:
            raise Killed


def current() -> Process | None:
    """The process that runs now; None where it is the test."""
    here = threading.current_thread()
    return here if isinstance(here, Process) else None


def point(kind: str) -> Any:
    """Where something can happen to the process that runs now; never to the test."""
    process = current()
    return process.come_to(kind) if process else None
