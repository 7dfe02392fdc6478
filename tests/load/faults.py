"""What happens to workers and servers while they work: kills and restarts at random moments."""

from __future__ import annotations

import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable

import psutil
from tests.load.place import Place


class Crowd:
    """Worker processes; one that was killed is followed by another.

    Args:
        place: where they work.
        workers: how many.
        concurrency: runs at once in each.
    """

    def __init__(self, place: Place, workers: int, concurrency: int) -> None:
        self._place, self._concurrency = place, concurrency
        self.processes = [place.start_worker(concurrency) for _ in range(workers)]

    def kill_one(self, choice: random.Random) -> None:
        """SIGKILL to a worker; another one starts."""
        number = choice.randrange(len(self.processes))
        self.processes[number].kill()
        self.processes[number].wait()
        self.processes[number] = self._place.start_worker(self._concurrency)

    def kill_a_sidecar(self, choice: random.Random) -> None:
        """SIGKILL to the OPA of a worker, if it has one now."""
        found = [child for one in self.processes for child in _children(one.pid) if child.name() == "opa"]
        if found:
            choice.choice(found).kill()

    def end(self) -> None:
        """SIGTERM to all; what does not end in time is killed."""
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait(90)


def _children(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


class Trouble:
    """One fault after the other, each when its moment has come.

    The servers are started again by the thread that asks: who starts a process with a signal for its parent's end
    gives it that signal at the end of the thread.

    Attributes:
        counts: how often each fault happened.

    Args:
        place: where the servers are.
        crowd: the workers.
        seed: of the choices.
        every_s: the mean time between two faults.
    """

    def __init__(self, place: Place, crowd: Crowd, seed: int, every_s: float) -> None:
        self._choice, self._every_s = random.Random(seed), every_s
        self.counts = Counter[str]()
        server = place.server
        self._acts: dict[str, Callable[[], None]] = {
            "worker killed": lambda: crowd.kill_one(self._choice),
            "sidecar killed": lambda: crowd.kill_a_sidecar(self._choice),
            "API server restarted": lambda: _restarted(place.cluster.server.stop, place.cluster.server.start_again),
        }
        if server is not None:
            self._acts["PostgreSQL crashed and restarted"] = lambda: _restarted(server.crash, server.start)
        self._rare = [name for name in self._acts if "restarted" in name]
        self._due = self._next()

    def go(self) -> None:
        """Do the next fault if it is due."""
        if time.monotonic() < self._due:
            return
        # Killing is frequent, restarts are rare, and each of them happens.
        missing = [name for name in self._rare if not self.counts[name]]
        name = missing[0] if missing and self._choice.random() < 0.5 else self._choice.choice(sorted(self._acts))
        self._acts[name]()
        self.counts[name] += 1
        self._due = self._next()

    def _next(self) -> float:
        return time.monotonic() + self._every_s * self._choice.uniform(0.5, 1.5)


def _restarted(stop: Callable[[], None], start: Callable[[], None]) -> None:
    stop()
    time.sleep(1)
    start()


def cpu_seconds() -> dict[str, float]:
    """CPU time of this process's servers and workers so far, by program; of those that are still there."""
    spent = defaultdict[str, float](float)
    for child in psutil.Process().children(recursive=True):
        try:
            times, name = child.cpu_times(), child.name()
        except psutil.NoSuchProcess:
            continue
        spent["python" if name.startswith(("python", "runbook-gate")) else name] += times.user + times.system
    return dict(spent)
