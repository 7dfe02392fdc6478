"""What the store knows, asked when somebody scrapes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from runbook_gate.delivery import is_delivered
from runbook_gate.errors import LedgerFault
from runbook_gate.ledger import Store
from runbook_gate.metrics import catalog
from runbook_gate.metrics.described import Described
from runbook_gate.metrics.figures import NewestFigures

FRESH_S: Final = 5.0
_PACKETS: Final = 1_000


class StoreCollector(Collector):
    """Asks the store at most every few seconds, however many scrape.

    A store that cannot be read is no fault of the scrape: `store_up` is 0, and nothing else is told of it.

    Args:
        store: the ledger.
        packet_dir: where packets are delivered to, if anywhere.
        receiver: whether notifications are sent to somebody.
        fresh_s: how long an answer is good.
        figures: counts the auditors' figures.
        timer: seconds that never jump.
    """

    def __init__(
        self,
        store: Store,
        *,
        packet_dir: Path | None = None,
        receiver: bool = False,
        fresh_s: float = FRESH_S,
        figures: NewestFigures | None = None,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store, self._packet_dir, self._fresh_s, self._timer = store, packet_dir, fresh_s, timer
        self._receiver = receiver
        self._figures = figures or NewestFigures(store)
        self._lock = threading.Lock()
        self._asked: tuple[float, list[Metric]] | None = None

    def describe(self) -> Iterator[Metric]:
        """What it may tell, without asking the store: a registry wants to know at once."""
        return (described.family([]) for described in catalog.STORE)

    def collect(self) -> Iterator[Metric]:
        """Everything that the store tells."""
        with self._lock:
            if self._asked is None or self._timer() - self._asked[0] >= self._fresh_s:
                self._asked = (self._timer(), self._ask())
            return iter(self._asked[1])

    def _ask(self) -> list[Metric]:
        try:
            return [_one(catalog.STORE_UP, 1), *self._standing(), *self._counted()]
        except LedgerFault:
            return [_one(catalog.STORE_UP, 0)]

    def _standing(self) -> Iterator[Metric]:
        now = self._store.standing()
        ended = [([outcome], count) for outcome, count in now.runs.items() if outcome != "active"]
        yield catalog.STORE_RUNS.family(ended)
        yield _one(catalog.ACTIVE, now.runs["active"])
        yield _one(catalog.OVERDUE, now.overdue)
        yield _one(catalog.UNFINISHED, now.unfinished)
        yield _one(catalog.DUE, now.due)
        yield _one(catalog.DUE_AGE, _age_s(now.due_since_ms, now.at_ms))
        yield _one(catalog.OPEN, now.open)
        yield _one(catalog.OPEN_AGE, _age_s(now.open_since_ms, now.at_ms))
        yield _one(catalog.PAUSED, now.paused)
        if self._packet_dir is not None:
            waiting = self._store.escalations.ids("open", limit=_PACKETS)
            missing = [packet for packet in waiting if not is_delivered(packet, self._packet_dir)]
            yield _one(catalog.UNDELIVERED, len(missing))
        if self._receiver:
            count, since_ms = self._store.outbox.undelivered()
            yield _one(catalog.UNTOLD, count)
            yield _one(catalog.UNTOLD_AGE, _age_s(since_ms, now.at_ms))
        if now.completed_ms is not None:
            yield _one(catalog.COMPLETED, now.completed_ms / 1000)

    def _counted(self) -> Iterator[Metric]:
        counted, unreadable = self._figures.read()
        yield catalog.FIGURE.family([([name], count) for name, (count, _) in counted.items()])
        yield catalog.FIGURE_OF.family([([name], of) for name, (_, of) in counted.items()])
        yield _one(catalog.UNREADABLE, unreadable)


def _one(described: Described, value: float) -> Metric:
    return described.family([([], value)])


def _age_s(since_ms: int | None, now_ms: int) -> float:
    return 0 if since_ms is None else max(0, now_ms - since_ms) / 1000
