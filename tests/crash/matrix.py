"""The matrix in memory: what a crash at each point leaves is put back, and the next process starts from there.

Points that leave the same behind, byte for byte, are one case: the second process cannot tell them apart.
"""

from __future__ import annotations

import random
from collections.abc import Iterable

from tests.crash.figures import Figures
from tests.crash.judging import judged
from tests.crash.ways import Way
from tests.crash.worlds import NAMESPACE, TASK, CrashWorld, Remains

from runbook_gate.errors import HeldElsewhere

LEASE_MS = 60_000

Case = tuple[Remains, int]


def staged(world: CrashWorld, way: Way) -> CrashWorld:
    """Submit the task of a way."""
    world.submit(TASK, NAMESPACE)
    way.prepare(world)
    world.plays = list(way.plays)
    return world


def cases(remains: Iterable[Remains]) -> list[Case]:
    """Each thing that is left once, with the number of points that leave it."""
    found: dict[object, Case] = {}
    for one in remains:
        first, number = found.get(one.same(), (one, 0))
        found[one.same()] = (first, number + 1)
    return list(found.values())


class Matrix:
    """Every crash of one way.

    Args:
        world: staged.
        way: how it may end.
        figures: where it counts.
    """

    def __init__(self, world: CrashWorld, way: Way, figures: Figures) -> None:
        self._world, self._way, self.figures = world, way, figures
        remains = world.dying()
        self._judge()
        self.first = cases(remains)

    def singles(self, only: str = "", until: str | None = None) -> None:
        """One crash, at each point.

        Args:
            only: of the points whose names begin so.
            until: what is told of something wrong; then no more crashes are tried.
        """
        for case, points in self.first:
            if until is not None and any(until in one for one in self.figures.wrong):
                return
            if not case.point.startswith(only):
                continue
            self._restarted(case)
            self._world.run(TASK)
            self.figures.points += points
            self._judge(case.point)

    def pairs(self, shard: int = 0, shards: int = 1) -> None:
        """A crash at each point of a part of the first process, then one at each point of the second."""
        for case, points in self.first[shard::shards]:
            self._seconds(case, points, None)

    def sample(self, seed: int, firsts: int, seconds: int) -> None:
        """Some of the pairs."""
        draw = random.Random(seed)
        for case, _ in draw.sample(self.first, firsts):
            self._seconds(case, 1, (draw, seconds))

    def _seconds(self, first: Remains, points: int, drawn: tuple[random.Random, int] | None) -> None:
        self._restarted(first)
        second = cases(self._world.dying())
        if drawn:
            draw, number = drawn
            second = [(case, 1) for case, _ in draw.sample(second, min(number, len(second)))]
        for case, again in second:
            self._restarted(case)
            self._world.run(TASK)
            self.figures.pairs += points * again
            self._judge(first.point, case.point)

    def _restarted(self, left: Remains) -> None:
        """The world after a crash, once its lease is over; before, nobody may go on."""
        self._world.put_back(left)
        self.figures.starts += 2
        if self._world.ledger.leased_ms(self._world.clock) > LEASE_MS // 2:
            self._refused(left)
        self._world.clock.advance(LEASE_MS)

    def _refused(self, left: Remains) -> None:
        self._world.clock.advance(LEASE_MS // 2)
        try:
            self._world.run(TASK)
        except HeldElsewhere:
            self.figures.refused += 1
        else:
            self.figures.wrong.append(f"{left.point}: a run was taken over before its lease was over")

    def _judge(self, *died: str) -> None:
        """The end, which another start does not change."""
        world = self._world
        with world.open() as store:
            ended = store.runs.result(TASK)
        again = world.run(TASK)
        with world.open() as store:
            events = [*world.server.created, *world.server.audit]
            end = judged(store, events, world.folder / "packets", self._way.ends)
        self.figures.add(end, *died)
        if again != ended:
            self.figures.wrong.append(f"{' then '.join(died)}: another start tells another end")
