"""Something that happens at one of the moments of a run, wherever it is told twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.scenarios.theatre import Director

from runbook_gate.models.entry import Entry


@dataclass(frozen=True)
class Moment:
    """A moment of a run.

    Attributes:
        name: as a director names it.
        time: how often it had come, from 1.
    """

    name: str
    time: int


def moments(seen: list[str]) -> list[Moment]:
    """What a director saw, as moments."""
    return [Moment(name, seen[: place + 1].count(name)) for place, name in enumerate(seen)]


class At(Director):
    """A director that acts at one moment, once."""

    def __init__(self, moment: Moment, act: Callable[[], object]) -> None:
        super().__init__()
        self._moment, self._act = moment, act

    def _play(self, moment: str, entry: Entry) -> None:
        super()._play(moment, entry)
        if moments(self.seen)[-1] == self._moment:
            self._act()
