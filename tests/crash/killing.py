"""The matrix with SIGKILL: executors in processes of their own, on the real API server, many side by side."""

from __future__ import annotations

import signal
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from tests.crash import process
from tests.crash.figures import Figures
from tests.crash.judging import End, judged
from tests.crash.ways import WAYS
from tests.crash.worlds import TASK
from tests.promise.audit import events_of
from tests.scenarios.ledgers import asleep
from tests.scenarios.theatre import Theatre

AHEAD_MS = 61_000
SIDE_BY_SIDE = 10


@dataclass(frozen=True)
class Death:
    """A theatre, and where its executors die, one after the other.

    Attributes:
        theatre: staged.
        way: which way the run takes.
        points: where they die.
        sure: whether every machine is slow or fast enough to meet the points.
    """

    theatre: Theatre
    way: str
    points: tuple[str, ...]
    sure: bool = True
    wrong: list[str] = field(default_factory=list)
    met: list[str] = field(default_factory=list)

    def played(self) -> End:
        """Kill them, let the last one finish, and judge the end."""
        for number, point in enumerate(self.points):
            asleep(self.theatre, number * AHEAD_MS)
            with process.start(self.theatre.settings, die_at=point, ahead_ms=number * AHEAD_MS) as executor:
                _, told = executor.communicate(timeout=240)
            if executor.returncode == -signal.SIGKILL:
                self.met.append(point)
            elif executor.returncode or self.sure:
                self.wrong.append(f"was not killed, but ended with {executor.returncode}: {told[-600:]}")
        asleep(self.theatre, len(self.points) * AHEAD_MS)
        finished = self.theatre.run(TASK)
        if self.theatre.run(TASK) != finished:
            self.wrong.append("another start tells another end")
        end = self._judged()
        return End(end.told, end.writes, (*end.wrong, *self.wrong))

    def _judged(self) -> End:
        events = events_of(self.theatre.cluster.server.audit_log, self.theatre.namespace)
        with self.theatre.store() as store:
            return judged(store, events, self.theatre.folder / "packets", WAYS[self.way].ends)


def killed(deaths: Sequence[Death], counted: Mapping[str, Figures]) -> None:
    """Play them all, and count them by way."""
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        ends = list(pool.map(Death.played, deaths))
    for death, end in zip(deaths, ends, strict=True):
        figures = counted[death.way]
        figures.add(end, *death.points)
        figures.starts += len(death.points) + 1
        figures.points += len(death.points) == len(death.met) == 1
        figures.pairs += len(death.points) == len(death.met) == 2
        if len(death.met) < len(death.points):
            figures.leave_out("not met: only a fast machine comes there", 1)
