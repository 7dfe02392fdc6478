"""Where tasks stand, read from the index."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, Select, select

from runbook_gate.errors import UnknownRecord
from runbook_gate.ledger import tables
from runbook_gate.ledger.records import TaskStatus

_TASKS = tables.tasks
_RUNS = tables.runs


def task_statuses() -> Select[Any]:
    """Select tasks with their runs.

    Returns:
        The query, to be narrowed and ordered.
    """
    return select(_TASKS, _RUNS.c.id.label("run")).outerjoin(_RUNS, _RUNS.c.task == _TASKS.c.id)


def one_task(connection: Connection, task_id: str) -> TaskStatus:
    """Look up where a task stands.

    Args:
        connection: a transaction.
        task_id: its id.

    Returns:
        Its status.

    Raises:
        UnknownRecord: if there is none.
    """
    row = connection.execute(task_statuses().where(_TASKS.c.id == task_id)).one_or_none()
    if row is None:
        raise UnknownRecord(f"there is no task {task_id}")
    return task_status(row)


def task_status(row: Row[Any]) -> TaskStatus:
    """Make the status of a row of `task_statuses`.

    Args:
        row: the row.

    Returns:
        The status.
    """
    return TaskStatus(
        id=row.id,
        runbook=row.runbook,
        state=row.state,
        outcome=row.outcome,
        run=row.run,
        submitted_ms=row.submitted_ms,
        not_before_ms=row.not_before_ms,
    )
