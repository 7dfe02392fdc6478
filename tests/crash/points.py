"""Fault points: the moments of a run at which a process may die, named as the run meets them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Points:
    """Names each point by what happens there, the how manieth time, and since which intent of the process.

    So a run that waits for longer on a busy machine still meets every point of one that did not.

    Args:
        at: called at each point with its name.

    Attributes:
        names: every point so far.
    """

    def __init__(self, at: Callable[[str], None] = lambda name: None) -> None:
        self.names: list[str] = []
        self._at, self._met, self._intents = at, Counter[str](), 0

    def count(self, what: str) -> str:
        """What, and the how manieth it is."""
        self._met[what] += 1
        return f"{what} {self._met[what]}" + (f" after intent {self._intents}" if self._intents else "")

    def intended(self) -> None:
        """Count anew: an intent is durable."""
        self._met.clear()
        self._intents += 1

    def reach(self, name: str) -> None:
        """The run is at a point."""
        self.names.append(name)
        self._at(name)

    @contextmanager
    def around(self, what: str) -> Iterator[None]:
        """A point before something, and one after it."""
        named = self.count(what)
        self.reach(f"{named} / before")
        yield
        self.reach(f"{named} / after")


def kind(name: str) -> str:
    """`commit` of `commit decision cp1 + intent cp2 1 / before`."""
    return name.partition(" ")[0]
