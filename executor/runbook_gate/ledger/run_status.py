"""Where runs stand, read from the index and the newest entry."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, func, select

from runbook_gate.errors import UnknownRecord
from runbook_gate.ledger import tables
from runbook_gate.ledger.records import RunStatus

_RUNS = tables.runs
_ENTRIES = tables.entries
_LEASES = tables.leases


def one_status(connection: Connection, run: str) -> RunStatus:
    """Look up where a run stands.

    Args:
        connection: a transaction.
        run: the run.

    Returns:
        Its status.

    Raises:
        UnknownRecord: if there is no such run.
    """
    row = connection.execute(_select().where(_RUNS.c.id == run)).one_or_none()
    if row is None:
        raise UnknownRecord(f"there is no run {run}")
    return _status(row)


def statuses(
    connection: Connection, condition: ColumnElement[bool] | None, *, order: ColumnElement[Any], limit: int | None
) -> list[RunStatus]:
    """List runs.

    Args:
        connection: a transaction.
        condition: which runs; None for all.
        order: in which order.
        limit: how many at most; None for all.

    Returns:
        Their statuses.
    """
    wanted = _select().order_by(order).limit(limit)
    if condition is not None:
        wanted = wanted.where(condition)
    return [_status(row) for row in connection.execute(wanted)]


def _select() -> Select[Any]:
    of_run = _ENTRIES.c.run == _RUNS.c.id
    any_entry = _ENTRIES.alias()
    intents = select(func.count()).where(any_entry.c.run == _RUNS.c.id, any_entry.c.kind == "intent")
    return (
        select(
            _RUNS,
            _ENTRIES.c.kind,
            _ENTRIES.c.checkpoint,
            intents.correlate(_RUNS).scalar_subquery().label("intents"),
            _LEASES.c.holder,
            _LEASES.c.number,
            _LEASES.c.expires_ms,
        )
        .outerjoin(_ENTRIES, of_run & (_ENTRIES.c.seq == _RUNS.c.seq))
        .outerjoin(_LEASES, _LEASES.c.run == _RUNS.c.id)
    )


def _status(row: Row[Any]) -> RunStatus:
    return RunStatus(
        id=row.id,
        task=row.task,
        runbook=row.runbook,
        target_key=row.target_key,
        state=row.state,
        opened_ms=row.opened_ms,
        deadline_ms=row.deadline_ms,
        step=row.step,
        seq=row.seq,
        head=row.head,
        kind=row.kind,
        checkpoint=row.checkpoint,
        intents=row.intents,
        holder=row.holder,
        lease=row.number,
        lease_expires_ms=row.expires_ms,
        record_sha256=row.record_sha256,
    )
