"""What a row of the outbox says, and what it tells of: that is read from the record, and checked."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final, Literal

from sqlalchemy import Connection, Row, and_, func, select

from runbook_gate.errors import LedgerBroken
from runbook_gate.ledger import tables
from runbook_gate.ledger.chain import intact
from runbook_gate.ledger.identifiers import notification_id

FAILING: Final = 5
# Faults that are of one notification alone. All others are of the receiver, so the next one would not fare better.
OF_ONE: Final = frozenset({"ledger_broken", "http_400", "http_409", "http_413", "http_415", "http_422"})

State = Literal["pending", "failing", "delivered"]


@dataclass(frozen=True, slots=True)
class Notification:
    """Where a notification stands.

    Attributes:
        id: derived from the digest of the entry, so the same in each attempt.
        kind: kind of the entry: completed, escalated, acknowledged or resolved.
        run: the run that it is about.
        at_ms: when the entry was recorded.
        state: pending, failing or delivered.
        attempts: how often it was sent, or was about to be.
        last_try_ms: when that was last; None before.
        last_error: stable name of what went wrong then; None if nothing did, or nobody knows.
        next_try_ms: not tried again before this moment.
        delivered_ms: when the receiver took it; None before.
    """

    id: str
    kind: str
    run: str
    at_ms: int
    state: State
    attempts: int
    last_try_ms: int | None
    last_error: str | None
    next_try_ms: int
    delivered_ms: int | None


@dataclass(frozen=True, slots=True)
class Telling:
    """What a notification tells, as the record has it.

    Attributes:
        id: of the notification.
        store: the store.
        sha256: digest of the entry.
        fields: the entry's fields.
        run: the run that it is about.
        task: its task.
        runbook: its runbook and revision.
        target_key: its target.
    """

    id: str
    store: str
    sha256: str
    fields: dict[str, Any]
    run: str
    task: str
    runbook: str
    target_key: str


def told(row: Row[Any]) -> Notification:
    """Make a notification of its row."""
    fields = dict(row._mapping)
    del fields["entry_sha256"]
    state: State = "delivered" if row.delivered_ms is not None else "failing" if row.attempts >= FAILING else "pending"
    return Notification(**fields, state=state)


def telling(connection: Connection, notification: str) -> Telling:
    """Read what a notification tells.

    Args:
        connection: a transaction.
        notification: its id.

    Raises:
        LedgerBroken: the record does not have that entry, or it was altered.
    """
    rows, journal, entries, runs = tables.notifications, tables.journal, tables.entries, tables.runs
    data = func.coalesce(entries.c.data, journal.c.data).label("data")
    wanted = (
        select(rows.c.entry_sha256, rows.c.kind, runs.c.id, runs.c.task, runs.c.runbook, runs.c.target_key, data)
        .join(runs, runs.c.id == rows.c.run)
        .outerjoin(entries, and_(entries.c.sha256 == rows.c.entry_sha256, entries.c.run == rows.c.run))
        .outerjoin(journal, journal.c.sha256 == rows.c.entry_sha256)
        .where(rows.c.id == notification)
    )
    row = connection.execute(wanted).one_or_none()
    sha256 = row.entry_sha256 if row else ""
    fields = json.loads(row.data) if row and intact(row.data, sha256) else {}
    if row is None or fields.get("kind") != row.kind or notification_id(sha256) != notification:
        raise LedgerBroken(f"the entry of notification {notification} is not in the record as it was")
    store = connection.execute(select(tables.store.c.id)).scalar_one()
    return Telling(notification, store, sha256, fields, row.id, row.task, row.runbook, row.target_key)
