"""The store's own chain: what people asked of it. Every function runs inside a transaction of its caller."""

from __future__ import annotations

import json
from typing import Any, Literal

from pydantic import Field
from sqlalchemy import Connection, Row, insert, select, update

from runbook_gate.errors import LedgerBroken
from runbook_gate.ledger import tables
from runbook_gate.ledger.chain import intact
from runbook_gate.ledger.database import Database
from runbook_gate.ledger.records import Handling
from runbook_gate.ledger.sealing import seal, unseal
from runbook_gate.ledger.turns import lock
from runbook_gate.models.base import Closed, Milliseconds, Sha256
from runbook_gate.models.entry import Executor

Kind = Literal["submitted", "withdrawn", "paused", "unpaused", "acknowledged", "resolved", "archived"]


class JournalEntry(Closed):
    """One entry of the store's own chain, as it is hashed."""

    schema_: Literal[1] = Field(alias="schema", description="Version of this schema.", examples=[1])
    store: str = Field(description="The store.", examples=["01kq3vdy8q4w1m6r2t9x5z7b3c"])
    seq: int = Field(description="Position in the chain, from 1.", examples=[4])
    kind: Kind = Field(description="What the entry records.", examples=["submitted"])
    subject: str | None = Field(
        description="Task, escalation or content digest of a bundle; null for a pause.", examples=["restore-psa-0007"]
    )
    actor: str = Field(description="Who asked.", examples=["ci-platform"])
    at_ms: Milliseconds = Field(description="Wall clock of the append, milliseconds since the epoch.")
    boottime_ms: int = Field(description="CLOCK_BOOTTIME of the append, in milliseconds.", examples=[912345])
    boot_id: str = Field(description="The kernel's boot id.", examples=["5a1c0d4e-0f0b-4a7e-8d0e-6b8e3b1c2d3f"])
    executor: Executor = Field(description="The program.")
    body: dict[str, Any] = Field(description="What the kind records.", examples=[{}])
    prev_sha256: Sha256 | None = Field(description="sha256 of the previous entry; null in the first.")


def begin(connection: Connection) -> Row[Any]:
    """Hold the chain's end until the transaction ends: first, before anything is read that the entry rests on.

    Args:
        connection: a writing transaction.

    Returns:
        The row that names the newest entry.
    """
    store = lock(connection, select(tables.store))
    if store is None:
        raise LedgerBroken("the store has lost its own row")
    return store


def append(
    connection: Connection,
    database: Database,
    *,
    kind: Kind,
    subject: str | None,
    actor: str,
    body: dict[str, Any],
) -> JournalEntry:
    """Add an entry.

    Args:
        connection: a writing transaction.
        database: where clock and program come from.
        kind: what the entry records.
        subject: task, escalation or content digest of a bundle.
        actor: who asked.
        body: what the kind records.

    Returns:
        The entry.
    """
    store = begin(connection)
    now = database.clock.read()
    entry = JournalEntry(
        schema_=1,
        store=store.id,
        seq=store.seq + 1,
        kind=kind,
        subject=subject,
        actor=actor,
        at_ms=now.at_ms,
        boottime_ms=now.boottime_ms,
        boot_id=now.boot_id,
        executor=database.executor,
        body=body,
        prev_sha256=store.head,
    )
    data, sha256 = seal(entry)
    connection.execute(
        insert(tables.journal).values(seq=entry.seq, kind=kind, subject=subject, sha256=sha256, data=data)
    )
    connection.execute(update(tables.store).values(seq=entry.seq, head=sha256))
    return entry


def newest(connection: Connection, kind: Kind, subject: str | None) -> JournalEntry | None:
    """Find the newest entry of a kind.

    Args:
        connection: a transaction.
        kind: the kind.
        subject: what it is about.

    Returns:
        The entry; None if there is none.

    Raises:
        LedgerBroken: if its bytes do not have its digest.
    """
    journal = tables.journal
    seq = connection.execute(
        select(journal.c.seq)
        .where(journal.c.kind == kind, journal.c.subject.is_not_distinct_from(subject))
        .order_by(journal.c.seq.desc())
        .limit(1)
    ).scalar_one_or_none()
    return None if seq is None else at(connection, seq)


def at(connection: Connection, seq: int) -> JournalEntry:
    """Read one entry.

    Args:
        connection: a transaction.
        seq: its position.

    Returns:
        The entry.

    Raises:
        LedgerBroken: if it is missing or its bytes do not have its digest.
    """
    row = connection.execute(select(tables.journal).where(tables.journal.c.seq == seq)).one_or_none()
    if row is None or not intact(row.data, row.sha256):
        raise LedgerBroken(f"the store's own chain is broken at {seq}")
    return unseal(JournalEntry, json.loads(row.data))


def handling(connection: Connection, kind: Kind, subject: str) -> Handling | None:
    """Find out who did something about an escalation.

    Args:
        connection: a transaction.
        kind: acknowledged or resolved.
        subject: the escalation.

    Returns:
        Who, when and with which note; None if nobody did.
    """
    entry = newest(connection, kind, subject)
    return None if entry is None else Handling(entry.actor, str(entry.body.get("note", "")), entry.at_ms)
