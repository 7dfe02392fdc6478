"""Where everything stands, counted: for those who watch. What it costs does not depend on what entries hold.

Runs that ended are counted on an index alone; nothing else grows with them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from runbook_gate.clock import Reading
from runbook_gate.ledger import pauses, tables
from runbook_gate.ledger.chain import intact
from runbook_gate.ledger.due import DUE_SINCE
from runbook_gate.ledger.leases import is_free

_TASKS = tables.tasks
_RUNS = tables.runs
_ENTRIES = tables.entries
_LEASES = tables.leases
_PACKETS = tables.packets
_ESCALATIONS = tables.escalations
_NEWEST: Final = 20


@dataclass(frozen=True, slots=True)
class Standing:
    """Counts at one moment.

    Attributes:
        at_ms: the moment, by the clock that tasks are due by: on a server that of the server.
        due: tasks that could be taken.
        due_since_ms: since when the oldest of them is due; None without.
        unfinished: tasks that are queued or active.
        runs: runs by state: active, complete, escalated.
        overdue: active runs past their deadline.
        open: escalations that nobody acknowledged or resolved.
        open_since_ms: when the oldest of them was made; None without.
        paused: whether the executor is paused.
        completed_ms: when a run last completed; None if none did.
    """

    at_ms: int
    due: int
    due_since_ms: int | None
    unfinished: int
    runs: Mapping[str, int]
    overdue: int
    open: int
    open_since_ms: int | None
    paused: bool
    completed_ms: int | None


def standing(connection: Connection, now: Reading) -> Standing:
    """Count.

    Args:
        connection: a transaction.
        now: the clock.

    Returns:
        Where everything stands.
    """
    states = select(_RUNS.c.state, func.count()).group_by(_RUNS.c.state)
    due, due_since = _due(connection, now)
    opened = select(func.count(), func.min(_PACKETS.c.at_ms)).join_from(_PACKETS, _ESCALATIONS)
    opened = opened.where(_ESCALATIONS.c.state == "open")
    waiting, since = connection.execute(opened).one()
    return Standing(
        at_ms=now.at_ms,
        due=due,
        due_since_ms=due_since,
        unfinished=_count(connection, _TASKS.c.state.in_(("queued", "active"))),
        runs={"active": 0, "complete": 0, "escalated": 0, **{row[0]: row[1] for row in connection.execute(states)}},
        overdue=_count(connection, and_(_RUNS.c.state == "active", _RUNS.c.deadline_ms <= now.at_ms)),
        open=waiting,
        open_since_ms=since,
        paused=pauses.current(connection) is not None,
        completed_ms=_completed(connection),
    )


def _count(connection: Connection, condition: ColumnElement[bool]) -> int:
    return connection.execute(select(func.count()).where(condition)).scalar_one()


def _due(connection: Connection, now: Reading) -> tuple[int, int | None]:
    wanted = (
        select(func.count(), func.min(DUE_SINCE))
        .select_from(
            _TASKS.outerjoin(_RUNS, _RUNS.c.task == _TASKS.c.id).outerjoin(_LEASES, _LEASES.c.run == _RUNS.c.id)
        )
        .where(_TASKS.c.state.in_(("queued", "active")), _TASKS.c.not_before_ms <= now.at_ms)
        .where(or_(_TASKS.c.state == "queued", is_free(now)))
    )
    count, since = connection.execute(wanted).one()
    return count, since


def _completed(connection: Connection) -> int | None:
    """Of the runs with the latest deadlines, whose last entries are read: there is no index of ends."""
    newest = (
        select(_RUNS.c.id, _RUNS.c.seq)
        .where(_RUNS.c.state == "complete")
        .order_by(_RUNS.c.deadline_ms.desc())
        .limit(_NEWEST)
        .subquery()
    )
    ends = select(_ENTRIES.c.data, _ENTRIES.c.sha256).join(
        newest, and_(_ENTRIES.c.run == newest.c.id, _ENTRIES.c.seq == newest.c.seq)
    )
    found = [json.loads(row.data) for row in connection.execute(ends) if intact(row.data, row.sha256)]
    return max((fields["at_ms"] for fields in found), default=None)
