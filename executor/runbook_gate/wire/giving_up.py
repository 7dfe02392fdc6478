"""How a process with several threads gives up, all at once, whatever only awaits an answer.

A signal interrupts the main thread alone, and nothing else interrupts a thread that waits for a socket. So each request
says that it is under way, and is cut by whoever ends the process. What a cut request brought is nobody's answer.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final, Protocol


class Interrupted(KeyboardInterrupt):
    """The answer that was awaited is given up. No library takes it for a fault of its own."""


class Cuttable(Protocol):
    """A request that is under way."""

    def cut(self) -> None:
        """End it now."""
        ...


class GivingUp:
    """The requests of some threads, until they are given up."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way: set[Cuttable] = set()
        self._over = False

    def give_up(self) -> None:
        """Cut what is under way, and from now on whatever begins."""
        with self._lock:
            self._over, under_way = True, list(self._under_way)
        for request in under_way:
            request.cut()

    @contextmanager
    def heeded(self) -> Iterator[None]:
        """A block of this thread whose requests can be given up."""
        token = _HEEDED.set(self)
        try:
            yield
        finally:
            _HEEDED.reset(token)

    @contextmanager
    def awaiting(self) -> Iterator[None]:
        """A block that only awaits an answer.

        Raises:
            Interrupted: out of the block, if it was given up.
        """
        try:
            yield
        finally:
            if self._over:
                raise Interrupted

    @contextmanager
    def watching(self, request: Cuttable) -> Iterator[None]:
        """A block in which a request is under way."""
        with self._lock:
            self._under_way.add(request)
            over = self._over
        if over:
            request.cut()
        try:
            yield
        finally:
            with self._lock:
                self._under_way.discard(request)


_HEEDED: Final[ContextVar[GivingUp | None]] = ContextVar("giving_up", default=None)


@contextmanager
def under_way(request: Cuttable) -> Iterator[None]:
    """A block in which a request is under way, which whoever this thread heeds may cut."""
    heeded = _HEEDED.get()
    if heeded is None:
        yield
        return
    with heeded.watching(request):
        yield
