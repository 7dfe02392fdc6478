"""What the workers of one process share: when the store is asked for a task again, and when all is done."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

from runbook_gate.errors import LedgerFault, Stopped
from runbook_gate.ledger import Store, TaskStatus
from runbook_gate.queue import pause_of, tell_waiting

POLL_S: Final = 2.0  # the store is asked so often for all idle workers together, and not by each
TIDY_S: Final = 10.0
_HEAR_S: Final = 0.5  # an idle worker moves so often


def jittered(seconds: float) -> float:
    """About so many seconds: several processes never ask in step."""
    return seconds * random.uniform(0.6, 1.4)  # noqa: S311 - nobody gains from guessing it


class Desk:
    """Gives each worker a task that nobody else has claimed.

    Args:
        store: the ledger.
        until_empty: whether the work ends when no task is left.
        now: seconds, which never go back.
    """

    def __init__(self, store: Store, *, until_empty: bool = False, now: Callable[[], float] = time.monotonic) -> None:
        self._store, self._until_empty, self._now = store, until_empty, now
        self._asking, self._changed = threading.Lock(), threading.Condition()
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
    def next(self, by: str) -> Iterator[TaskStatus | None]:
        """The task that has been due the longest and that nobody has claimed, for the length of a block.

        Args:
            by: who asks.

        Raises:
            Paused: tasks are queued, and somebody paused the executor.
        """
        task = self._take(by)
        try:
            yield task
        finally:
            if task is not None:
                self._put_back(task.id, by)

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
        self.pause(self._ask_at - self._now())

    def pause(self, seconds: float) -> None:
        """Wait, but only so long that the loop is seen to move, and not beyond the end of the work."""
        with self._changed:
            if seconds > 0 and not self._done:
                self._changed.wait(min(seconds, _HEAR_S))

    def _take(self, by: str) -> TaskStatus | None:
        with self._asking:  # one at a time, and never while somebody wants to end it all
            if self._done or self._now() < self._ask_at:
                return None
            paused = pause_of(self._store)
            task = self._store.tasks.claim(by, queued=paused is None)
            if task is None:
                tell_waiting(self._store, paused)
                self._nothing_due()
            return task

    def _nothing_due(self) -> None:
        if self._until_empty and self._empty():
            self.close()
            return
        pause_s, next_ms = jittered(POLL_S), self._store.tasks.next_due_in_ms()
        self._ask_at = self._now() + (pause_s if next_ms is None else min(pause_s, next_ms / 1000))

    def _empty(self) -> bool:
        limit = len(self._failed) + 1
        left = [*self._store.tasks.list("queued", limit=limit), *self._store.tasks.list("active", limit=limit)]
        return all(task.id in self._failed for task in left)

    def _put_back(self, task_id: str, by: str) -> None:
        if self._done:
            with suppress(LedgerFault, Stopped):  # a claim ends by itself
                self._store.tasks.unclaim(task_id, by)
        with self._changed:
            self._ask_at = self._now()  # its target may be another task's by now
            self._changed.notify_all()
