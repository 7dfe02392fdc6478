"""The promise over a restless world: the one function, and what only somebody who saw every request can say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from tests.promise import broken
from tests.statemachine.executors import Executors
from tests.statemachine.world import RestlessWorld, Sent

from runbook_gate.ledger import Store
from runbook_gate.models.entry import Entry


def breaches(executors: Executors, *, ended: bool = False) -> list[str]:
    """Every way in which the promise is broken.

    Args:
        executors: and their world.
        ended: whether every run must have ended, and every packet have come to its place.
    """
    world = executors.world
    packets = [path.stem for path in (world.folder / "packets").glob("*.json")] if ended else None
    with world.open() as store:
        found = broken(store, [*world.server.created, *world.server.audit], ended=ended, packets=packets)
        found += list(_sent(world, store))
    if ended and world.unfinished():
        found.append(f"{world.unfinished()} never ended")
    return [*executors.wrong, *found]


def _sent(world: RestlessWorld, store: Store) -> Iterator[str]:
    runs = [store.runs.entries(run.id) for run in store.runs.list()]
    intents = {entry.sha256: (entries, entry) for entries in runs for entry in entries if entry.kind == "intent"}
    for audit_id, times in Counter(sent.audit_id for sent in world.sent).items():
        if times > 1:
            yield f"intent {audit_id} was sent {times} times"
    for sent in world.sent:
        if sent.audit_id not in intents:
            yield f"a write left without an intent, Audit-ID {sent.audit_id}"
        elif told := _late(sent, *intents[sent.audit_id]):
            yield f"write {sent.audit_id} left {told}"


def _late(sent: Sent, entries: list[Entry], intent: Entry) -> str | None:
    """Whether the clock had passed the go, or had jumped since the facts that it was given on."""
    facts = entries[intent.seq - 3]
    allowed_ms = intent.body["not_after_ms"] - facts.at_ms
    if sent.at.boot_id != facts.boot_id:
        return "in another boot than its go"
    if sent.at.boottime_ms - facts.boottime_ms >= allowed_ms:
        return "too late after its go"
    return "too late by the wall clock" if sent.at.at_ms >= intent.body["not_after_ms"] else None
