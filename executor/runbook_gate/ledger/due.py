"""What can be taken now: queued tasks, and active ones with nobody at work."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Connection, Select, case, func, or_, select, update

from runbook_gate.clock import Reading
from runbook_gate.ledger import tables
from runbook_gate.ledger.leases import is_free
from runbook_gate.ledger.records import TaskStatus
from runbook_gate.ledger.server import is_server
from runbook_gate.ledger.task_status import one_task, task_status, task_statuses

_TASKS: Final = tables.tasks
_RUNS: Final = tables.runs
DUE_SINCE = case((_TASKS.c.not_before_ms > _TASKS.c.submitted_ms, _TASKS.c.not_before_ms), else_=_TASKS.c.submitted_ms)


def due_tasks(connection: Connection, now: Reading, *, limit: int, by: str | None, queued: bool) -> list[TaskStatus]:
    """What has been due the longest first.

    Args:
        connection: a transaction.
        now: the clock.
        limit: how many at most.
        by: who asks; what others have claimed is left out.
        queued: whether tasks without a run are wanted too.
    """
    wanted = _due(task_statuses(), now, by, queued=queued).order_by(DUE_SINCE, _TASKS.c.journal_seq).limit(limit)
    return [task_status(row) for row in connection.execute(wanted)]


def claim_task(connection: Connection, now: Reading, *, by: str, seconds: int, queued: bool) -> TaskStatus | None:
    """Reserve the task that has been due the longest; as `Tasks.claim`.

    Args:
        connection: a writing transaction.
        now: the clock.
        by: who asks.
        seconds: for how long.
        queued: whether tasks without a run are wanted too.
    """
    passed_over = list[str]()
    while task := _next(connection, now, by, passed_over, queued=queued):
        if _still_due(connection, now, by, task):
            connection.execute(
                update(_TASKS)
                .where(_TASKS.c.id == task)
                .values(claimed_by=by, claimed_until_ms=now.at_ms + seconds * 1000)
            )
            return one_task(connection, task)
        passed_over.append(task)
    return None


def next_due_in_ms(connection: Connection, now: Reading) -> int | None:
    """In how many milliseconds the next task is due that was deferred; None if none was.

    Args:
        connection: a transaction.
        now: the clock.
    """
    later = (_TASKS.c.state.in_(("queued", "active")), _TASKS.c.not_before_ms > now.at_ms)
    next_ms: int | None = connection.execute(select(func.min(_TASKS.c.not_before_ms)).where(*later)).scalar_one()
    return None if next_ms is None else next_ms - now.at_ms


def _next(connection: Connection, now: Reading, by: str, passed_over: list[str], *, queued: bool) -> str | None:
    wanted = _due(select(_TASKS.c.id).outerjoin(_RUNS, _RUNS.c.task == _TASKS.c.id), now, by, queued=queued)
    wanted = wanted.where(_TASKS.c.id.not_in(passed_over)).order_by(DUE_SINCE, _TASKS.c.journal_seq).limit(1)
    if is_server(connection):
        wanted = wanted.with_for_update(of=_TASKS, skip_locked=True)
    found: str | None = connection.execute(wanted).scalar_one_or_none()
    return found


def _still_due(connection: Connection, now: Reading, by: str, task: str) -> bool:
    """Look again at a locked task: its run and lease may be newer than what the first look saw of them."""
    wanted = _due(select(_TASKS.c.id).outerjoin(_RUNS, _RUNS.c.task == _TASKS.c.id), now, by)
    return connection.execute(wanted.where(_TASKS.c.id == task)).one_or_none() is not None


def _due(tasks: Select[Any], now: Reading, by: str | None, *, queued: bool = True) -> Select[Any]:
    unclaimed = or_(_TASKS.c.claimed_until_ms.is_(None), _TASKS.c.claimed_until_ms <= now.at_ms)
    return (
        tasks.outerjoin(tables.leases, tables.leases.c.run == _RUNS.c.id)
        .where(_TASKS.c.state.in_(("queued", "active") if queued else ("active",)), _TASKS.c.not_before_ms <= now.at_ms)
        .where((_TASKS.c.state == "queued") | is_free(now))
        .where(unclaimed if by is None else unclaimed | (_TASKS.c.claimed_by == by))
    )
