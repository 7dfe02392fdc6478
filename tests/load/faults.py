"""What happens to workers and servers while they work: kills and restarts at random moments."""

from __future__ import annotations

import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable

import psutil
from tests.load.place import Place
from tests.load.strokes import API_SERVER, POSTGRESQL, SIDECAR, WORKER


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

    def kill_one(self, choice: random.Random) -> bool:
        """SIGKILL to a worker; another one starts.

        Returns:
            Whether there was one that worked.
        """
        number = choice.randrange(len(self.processes))
        worked = self.processes[number].poll() is None
        self.processes[number].kill()
        self.processes[number].wait()
        self.processes[number] = self._place.start_worker(self._concurrency)
        return worked

    def kill_a_sidecar(self, choice: random.Random) -> bool:
        """SIGKILL to the OPA of a worker.

        Returns:
            Whether one has it now.
        """
        found = [child for one in self.processes for child in _children(one.pid) if _is_opa(child)]
        if found:
            choice.choice(found).kill()
        return bool(found)

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


def _is_opa(process: psutil.Process) -> bool:
    try:
        return process.name() == "opa" and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


class Trouble:
    """One fault after the other, each when its moment has come.

    The servers are started again by the thread that asks: who starts a process with a signal for its parent's end
    gives it that signal at the end of the thread.

    Attributes:
        counts: how often each kind of fault struck, those that never did included.

    Args:
        place: where the servers are.
        crowd: the workers.
        seed: of the choices.
        every_s: the mean time between two faults.
    """

    def __init__(self, place: Place, crowd: Crowd, seed: int, every_s: float) -> None:
        self._choice, self._every_s = random.Random(seed), every_s
        server = place.server
        self._acts: dict[str, Callable[[], bool]] = {
            WORKER: lambda: crowd.kill_one(self._choice),
            SIDECAR: lambda: crowd.kill_a_sidecar(self._choice),
            API_SERVER: lambda: _restarted(place.cluster.server.stop, place.cluster.server.start_again),
        }
        if server is not None:
            self._acts[POSTGRESQL] = lambda: _restarted(server.crash, server.start)
        self.counts = Counter(dict.fromkeys(self._acts, 0))
        self._due = self._next()

    def go(self) -> None:
        """Do the next fault if it is due: first one of each kind, in any order."""
        if time.monotonic() < self._due:
            return
        missing = [name for name, number in self.counts.items() if not number]
        name = self._choice.choice(sorted(missing or self._acts))
        self.counts[name] += self._acts[name]()
        self._due = self._next()

    def _next(self) -> float:
        return time.monotonic() + self._every_s * self._choice.uniform(0.5, 1.5)


def _restarted(stop: Callable[[], None], start: Callable[[], None]) -> bool:
    stop()
    time.sleep(1)
    start()
    return True


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
