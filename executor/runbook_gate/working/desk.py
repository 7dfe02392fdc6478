"""What the workers of one process share: who has which task, when the store is asked again, and when all is done."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from runbook_gate.clock import Clock
from runbook_gate.ledger import Store, TaskStatus

POLL_S: Final = 2.0  # the store is asked so often for all idle workers together, and not by each
TIDY_S: Final = 10.0
_AHEAD: Final = 20
_HEAR_S: Final = 0.5  # an idle worker moves so often


def jittered(seconds: float) -> float:
    """About so many seconds: several processes never ask in step."""
    return seconds * random.uniform(0.6, 1.4)  # noqa: S311 - nobody gains from guessing it


class Desk:
    """Gives each worker a task that no other one has.

    Args:
        store: the ledger.
        clock: says what is due.
        until_empty: whether the work ends when no task is left.
        now: seconds, which never go back.
    """

    def __init__(
        self, store: Store, clock: Clock, *, until_empty: bool = False, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._store, self._clock, self._until_empty, self._now = store, clock, until_empty, now
        self._changed = threading.Condition()
        self._in_hand: set[str] = set()
        self._failed: set[str] = set()
        self._ask_at = self._tidy_at = now()
        self._done = False

    @property
    def done(self) -> bool:
        """Whether there is nothing left to do, or nothing more is wanted."""
        return self._done

    def close(self) -> None:
        """Let every worker end."""
        with self._changed:
            self._done = True
            self._changed.notify_all()

    @contextmanager
    def next(self) -> Iterator[TaskStatus | None]:
        """The task that has been due the longest and that nobody here has in hand, for the length of a block."""
        task = self._take()
        try:
            yield task
        finally:
            if task is not None:
                self._put_back(task.id)

    def failed(self, task_id: str) -> None:
        """A task has a fault of its own: nobody waits for it."""
        with self._changed:
            self._failed.add(task_id)

    def tidies(self) -> bool:
        """Whether it is time to look after packets and overdue runs; true for one worker at a time."""
        with self._changed:
            if self._now() < self._tidy_at:
                return False
            self._tidy_at = self._now() + jittered(TIDY_S)
            return True

    def rest(self) -> None:
        """Wait until the store is worth asking again, but only so long that the loop is seen to move."""
        with self._changed:
            left_s = min(self._ask_at - self._now(), _HEAR_S)
            if left_s > 0 and not self._done:
                self._changed.wait(left_s)

    def _take(self) -> TaskStatus | None:
        with self._changed:
            if self._done or self._now() < self._ask_at:
                return None
            for due in self._store.tasks.due(limit=len(self._in_hand) + _AHEAD):
                if due.id not in self._in_hand:
                    self._in_hand.add(due.id)
                    return due
            self._nothing_due()
            return None

    def _nothing_due(self) -> None:
        if self._until_empty and not self._in_hand and self._empty():
            self._done = True
            self._changed.notify_all()
            return
        pause_s = jittered(POLL_S)
        next_ms = self._store.tasks.next_due_ms()
        if next_ms is not None:
            pause_s = min(pause_s, max(0.0, (next_ms - self._clock.read().at_ms) / 1000))
        self._ask_at = self._now() + pause_s

    def _empty(self) -> bool:
        limit = len(self._failed) + 1
        left = [*self._store.tasks.list("queued", limit=limit), *self._store.tasks.list("active", limit=limit)]
        return all(task.id in self._failed for task in left)

    def _put_back(self, task_id: str) -> None:
        with self._changed:
            self._in_hand.discard(task_id)
            self._ask_at = self._now()  # its target may be another task's by now
            self._changed.notify_all()
