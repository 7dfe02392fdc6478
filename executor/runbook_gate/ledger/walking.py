"""Reading a run's chain from the tables."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Row, select

from runbook_gate.errors import UnknownRecord
from runbook_gate.ledger import tables
from runbook_gate.ledger.chain import FINAL, Chain, Link
from runbook_gate.shapes import mapping

_RUNS = tables.runs
_ENTRIES = tables.entries


def walk(connection: Connection, run: str) -> tuple[Chain, list[dict[str, Any]]]:
    """Check a run's chain.

    Args:
        connection: a transaction.
        run: the run.

    Returns:
        The chain, walked to its end or first break, and the fields of each entry before that, with `sha256`.

    Raises:
        UnknownRecord: if there is no such run.
    """
    row = connection.execute(select(_RUNS).where(_RUNS.c.id == run)).one_or_none()
    if row is None:
        raise UnknownRecord(f"there is no run {run}")
    entries = connection.execute(select(_ENTRIES).where(_ENTRIES.c.run == run).order_by(_ENTRIES.c.seq))
    return follow(row, entries)


def follow(run: Row[Any], entries: Iterable[Row[Any]]) -> tuple[Chain, list[dict[str, Any]]]:
    """Check a chain whose rows were read.

    Args:
        run: row of the run in the index.
        entries: rows of its entries, by position.

    Returns:
        As `walk`.
    """
    chain = Chain("run", run.id)
    found: list[dict[str, Any]] = []
    for entry in entries:
        fields = chain.add(Link(entry.seq, entry.kind, entry.sha256, entry.data))
        if fields is not None:
            chain.compare(seq=entry.seq, equal=fields.get("checkpoint") == entry.checkpoint)
            found.append({**fields, "sha256": entry.sha256})
    chain.end(run.seq, run.head)
    if found:
        opening = (run.task, run.runbook, run.target_key, run.deadline_ms)
        chain.compare(seq=1, equal=_opening(found[0]) == opening)
        ending = (run.step, FINAL.get(run.state))
        chain.compare(seq=run.seq, equal=(found[-1].get("step"), _ending(found[-1])) == ending)
    return chain, found


def _opening(fields: dict[str, Any]) -> tuple[Any, ...]:
    body = mapping(fields.get("body"))
    return fields.get("task"), fields.get("runbook"), body.get("target_key"), body.get("deadline_ms")


def _ending(fields: dict[str, Any]) -> str | None:
    kind = fields.get("kind")
    return kind if kind in FINAL.values() else None


def named_evidence(fields: dict[str, Any]) -> set[str]:
    """Which evidence an entry names.

    Args:
        fields: the entry.

    Returns:
        Of a decision, `body_sha256` of its body and of the objects directly in it (request and answer); of
        `opened` and `repinned`, the bundle.
    """
    body = fields.get("body")
    if not isinstance(body, dict):
        return set()
    if fields.get("kind") == "decision":
        places = [body, *(item for item in body.values() if isinstance(item, dict))]
        named = [place.get("body_sha256") for place in places]
    elif fields.get("kind") in ("opened", "repinned"):
        pins = body.get("pins")
        named = [pins.get("bundle_sha256")] if isinstance(pins, dict) else []
    else:
        named = []
    return {digest for digest in named if isinstance(digest, str)}
