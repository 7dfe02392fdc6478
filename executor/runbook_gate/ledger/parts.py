"""A store in parts, each checked for itself: in this process, or on several cores."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final, Protocol, TypeVar

from sqlalchemy import Connection, Engine, func, select

from runbook_gate.collecting import seldom
from runbook_gate.errors import EnvironmentFault
from runbook_gate.ledger import tables
from runbook_gate.ledger.database import Place, engine_of
from runbook_gate.ledger.turns import Turns

P = TypeVar("P")
T = TypeVar("T")
Shown = Callable[[Iterable[Any], int, str], Iterable[Any]]

_RUNS_OF_A_PART: Final = 100
_WORTH_PROCESSES: Final = 5000  # runs; fewer are done before a process has started
_BUSY_MS: Final = 5000
_DIGITS: Final = "0123456789abcdef"


class Spread(Protocol):
    """Does a piece of work for each of some parts."""

    def each(self, work: Callable[[Connection, P], T], parts: Sequence[P], words: str) -> Iterable[T]:
        """What the work gives for each part, in order.

        Args:
            work: a function of a module, so that another process finds it.
            parts: what there is to do.
            words: what is done, for people.
        """
        ...


@dataclass(frozen=True)
class Alone:
    """In this process, in the caller's transaction."""

    connection: Connection
    shown: Shown

    def each(self, work: Callable[[Connection, P], T], parts: Sequence[P], words: str) -> Iterable[T]:
        """As in `Spread`."""
        return self.shown((work(self.connection, part) for part in parts), len(parts), words)


class Cores:
    """In several processes, each with transactions of its own: a part is read as it was at one moment.

    Args:
        place: the store's file or server.
        workers: how many processes.
        shown: passes results on and shows how many of how many have passed.
    """

    def __init__(self, place: Place, workers: int, shown: Shown) -> None:
        fresh = multiprocessing.get_context("spawn")  # a copy of this process would share its connections
        self._pool = ProcessPoolExecutor(workers, fresh, initializer=_open, initargs=(place,))
        self._shown = shown

    def each(self, work: Callable[[Connection, P], T], parts: Sequence[P], words: str) -> Iterable[T]:
        """As in `Spread`.

        Raises:
            EnvironmentFault: one of the processes ended.
        """
        return self._shown(self._elsewhere(work, parts), len(parts), words)

    def _elsewhere(self, work: Callable[[Connection, P], T], parts: Sequence[P]) -> Iterator[T]:
        try:
            yield from self._pool.map(_do, [work] * len(parts), parts)
        except BrokenProcessPool:
            raise EnvironmentFault(
                "A process that checked a part of the ledger ended.", advice="Try again with --workers 1."
            ) from None

    def close(self) -> None:
        """End the processes."""
        self._pool.shutdown(cancel_futures=True)


@contextmanager
def spread(connection: Connection, place: Place | None, workers: int, shown: Shown) -> Iterator[Spread]:
    """On several cores where there is enough to do, else here.

    Args:
        connection: a transaction.
        place: the store's file or server; None in memory.
        workers: how many processes at most.
        shown: passes results on and shows how many of how many have passed.
    """
    runs = connection.execute(select(func.count()).select_from(tables.runs)).scalar_one()
    if place is None or workers < 2 or runs < _WORTH_PROCESSES:
        yield Alone(connection, shown)
        return
    cores = Cores(place, workers, shown)
    try:
        yield cores
    finally:
        cores.close()


_ENGINES: Final[list[Engine]] = []


def _open(place: Place) -> None:
    _ENGINES.append(engine_of(place, Turns(_BUSY_MS), read_only=True))


def _do(work: Callable[[Connection, P], T], part: P) -> T:
    with seldom(), _ENGINES[0].begin() as connection:
        return work(connection, part)


def of_runs(connection: Connection) -> list[tuple[str, str]]:
    """The first and last run of each part."""
    ids = connection.execute(select(tables.runs.c.id).order_by(tables.runs.c.id)).scalars().all()
    starts = range(0, len(ids), _RUNS_OF_A_PART)
    return [(ids[start], ids[min(start + _RUNS_OF_A_PART, len(ids)) - 1]) for start in starts]


def of_digests() -> list[tuple[str, str | None]]:
    """Where parts of all digests begin and end, each without its end; what is no digest is in the first or last."""
    begins = ["", *(high + low for high in _DIGITS for low in _DIGITS), "g"]
    return [*pairwise(begins), (begins[-1], None)]
