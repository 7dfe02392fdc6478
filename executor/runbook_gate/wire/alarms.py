"""What happens at a moment unless it is called off: one thread rings every alarm of the process.

A `threading.Timer` is a thread for each request, which costs more than the request does.
"""

from __future__ import annotations

import heapq
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final


@dataclass(order=True)
class _Alarm:
    at: float
    ring: Callable[[], None] | None = field(compare=False)


class Alarms:
    """Alarms, and the thread that rings them. It is started with the first one, and ends with the process."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._pending: list[_Alarm] = []
        self._thread: threading.Thread | None = None

    @contextmanager
    def after(self, seconds: float, ring: Callable[[], None]) -> Iterator[None]:
        """A block; what rings if it takes longer neither rings nor goes on ringing after it.

        Args:
            seconds: how long the block may take.
            ring: must not wait for anything: no other alarm rings meanwhile.
        """
        alarm = _Alarm(time.monotonic() + seconds, ring)
        try:
            self._set(alarm)
            yield
        finally:
            with self._changed:
                alarm.ring = None  # it stays pending: to take it out costs more than to meet it in its time

    def _set(self, alarm: _Alarm) -> None:
        with self._changed:
            heapq.heappush(self._pending, alarm)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._watch, name="alarms", daemon=True)
                self._thread.start()
            elif self._pending[0] is alarm:
                self._changed.notify()

    def _watch(self) -> None:
        with self._changed:
            while True:
                self._ring()
                self._changed.wait(self._pending[0].at - time.monotonic() if self._pending else None)

    def _ring(self) -> None:
        """Ring what is due. One lock is held throughout, so that a block cannot end in the middle of its alarm."""
        while self._pending and self._pending[0].at <= time.monotonic():
            if (ring := heapq.heappop(self._pending).ring) is not None:
                ring()


ALARMS: Final = Alarms()
