"""One run's ledger as the loop sees it: its entries so far, and the appends under its lease."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from runbook_gate.clock import Reading
from runbook_gate.core.history import History
from runbook_gate.engine.heads import Heads
from runbook_gate.gate.client import Exchange
from runbook_gate.ledger import Draft, Finished, Lease, Store
from runbook_gate.models.base import Record
from runbook_gate.models.decision import Checkpoint
from runbook_gate.models.entry import Entry

# No lease is much older than this when an effect or a question begins; with what either may take it still lasts.
RENEW_AFTER_MS: Final = 5_000


class Journal:
    """Appends to one run and keeps its history.

    Args:
        store: the ledger.
        lease: held on the run.
        heads: where heads are published: the newest now, one that a crash kept back included.
        granted: a moment before the lease was granted; None if it may be old by now.

    Attributes:
        heads: the same.
    """

    def __init__(self, store: Store, lease: Lease, heads: Heads, granted: Reading | None = None) -> None:
        self.store, self.lease, self.heads = store, lease, heads
        self.history = History(store.runs.entries(lease.run))
        self._renewed = granted
        heads.publish(self.history.newest)

    def append(self, draft: Draft) -> Entry:
        """Append one entry, durably."""
        entry = self.store.runs.append(self.lease, draft, head=self.history.newest.sha256)
        self._add(entry)
        return entry

    def observe(self, body: Record, *, step: str, checkpoint: Checkpoint, attempt: int | None = None) -> Entry:
        """Append what an effect brought."""
        document = body.model_dump(mode="json")
        return self.append(
            Draft(
                kind="observation",
                body=document,
                checkpoint=checkpoint,
                attempt=attempt,
                step=step,
                server_date_ms=_newest_date(document),
            )
        )

    def answered(
        self, exchange: Exchange, draft: Draft, intent: Callable[[Entry], Draft | None] = lambda _: None
    ) -> Entry:
        """Append what became of a question, with the exact bytes of both sides, and the intent that follows.

        Returns:
            The entry of the answer.
        """
        with self.store.runs.batch(self.lease, head=self.history.newest.sha256) as batch:
            batch.put(exchange.sent)
            if exchange.received is not None:
                batch.put(exchange.received)
            entry = batch.append(draft)
            announced = intent(entry)
            following = batch.append(announced) if announced else None
        self._add(entry)
        if following:
            self._add(following)
            self.heads.publish(following)
        return entry

    def finish(self, draft: Draft, make: Callable[[History], bytes]) -> Finished:
        """Append the last entry together with its record or packet."""
        sealed: list[Entry] = []

        def record(entry: Entry) -> bytes:
            sealed.append(entry)
            return make(self.history.followed_by(entry))

        with self.store.runs.batch(self.lease, head=self.history.newest.sha256) as batch:
            finished = batch.finish(draft, record)
        self._add(sealed[0])
        self.heads.publish(sealed[0])
        return finished

    def renew(self, now: Reading) -> None:
        """Keep the lease, if it is getting old by CLOCK_BOOTTIME, which no step of the wall clock moves."""
        before = self._renewed
        if before is None or now.boottime_ms - before.boottime_ms >= RENEW_AFTER_MS:
            self.lease, self._renewed = self.store.leases.renew(self.lease), now

    def _add(self, entry: Entry) -> None:
        self.history = self.history.followed_by(entry)


def _newest_date(document: Any) -> int | None:
    """The newest Date header anywhere in an observation."""
    if isinstance(document, dict):
        own = [document["date_ms"]] if isinstance(document.get("date_ms"), int) else []
        found = own + [date for value in document.values() if (date := _newest_date(value))]
        return max(found, default=None)
    if isinstance(document, list):
        return max((date for value in document if (date := _newest_date(value))), default=None)
    return None
