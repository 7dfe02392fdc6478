"""The matrix with SIGKILL: executors in processes of their own, on the real API server, many side by side."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from tests.crash import process
from tests.crash.figures import Figures
from tests.crash.judging import End, judged
from tests.crash.points import kind
from tests.crash.ways import Way
from tests.crash.worlds import TASK
from tests.promise.audit import events_of
from tests.scenarios.clocks import Suspendable
from tests.scenarios.theatre import Theatre

AHEAD_MS = 61_000
SIDE_BY_SIDE = 10


def fatal(points: Sequence[str]) -> list[str]:
    """The points at which a process is killed: all but those around a request that only reads.

    What such a request leaves behind is what the point before it leaves; in memory they are all tried.
    """
    return [point for point in points if kind(point) != "request" or point.startswith("request patch_namespace ")]


@dataclass(frozen=True)
class Death:
    """A theatre, and where its executors die, one after the other.

    Attributes:
        sure: whether every machine is slow or fast enough to meet the points.
    """

    theatre: Theatre
    points: tuple[str, ...]
    sure: bool = True
    wrong: list[str] = field(default_factory=list)
    met: list[str] = field(default_factory=list)

    def played(self, way: Way) -> End:
        """Kill them, let the last one finish, and judge the end."""
        for number, point in enumerate(self.points):
            with process.start(self.theatre.settings, die_at=point, ahead_ms=number * AHEAD_MS) as executor:
                _, told = executor.communicate(timeout=240)
            if executor.returncode == -signal.SIGKILL:
                self.met.append(point)
            elif executor.returncode or self.sure:
                self.wrong.append(f"was not killed, but ended with {executor.returncode}: {told[-600:]}")
        clock = Suspendable()
        clock.ahead_ms = len(self.points) * AHEAD_MS
        self.theatre.clock = clock
        finished = self.theatre.run(TASK)
        if self.theatre.run(TASK) != finished:
            self.wrong.append("another start tells another end")
        end = self._judged(way)
        return End(end.told, end.writes, (*end.wrong, *self.wrong))

    def _judged(self, way: Way) -> End:
        events = events_of(self.theatre.cluster.server.audit_log, self.theatre.namespace)
        with self.theatre.store() as store:
            return judged(store, events, self.theatre.folder / "packets", way.ends)


def killed(deaths: Sequence[Death], way: Way, figures: Figures) -> None:
    """Play them all, and count."""
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        ends = list(pool.map(lambda death: death.played(way), deaths))
    for death, end in zip(deaths, ends, strict=True):
        figures.add(end, *death.points)
        figures.starts += len(death.points) + 1
        figures.points += len(death.met) == 1
        figures.pairs += len(death.met) == 2
