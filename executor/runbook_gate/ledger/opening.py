"""Entering a new run into the index, if its task and its target allow it."""

from __future__ import annotations

from typing import Final

import psycopg
from sqlalchemy import Connection, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from runbook_gate.errors import HeldElsewhere, TaskConflict, UnknownRecord
from runbook_gate.ledger import leases, tables
from runbook_gate.ledger.database import Database
from runbook_gate.ledger.identifiers import run_id
from runbook_gate.ledger.records import Lease
from runbook_gate.ledger.sealing import document_sha256
from runbook_gate.ledger.turns import lock
from runbook_gate.models.runbook import Opened
from runbook_gate.models.task import Task

_RUNS = tables.runs
_TASKS = tables.tasks
_OF_A_TARGET: Final = ("one_active_run_per_target", "runs_of_a_target")


def register(connection: Connection, database: Database, opened: Opened, *, holder: str, ttl_s: int) -> Lease:
    """Enter a new run, without an entry yet, and hold it.

    Args:
        connection: a writing transaction.
        database: where the clock comes from.
        opened: what the run is about.
        holder: who will hold it.
        ttl_s: for how many seconds.

    Returns:
        The lease, which names the run.

    Raises:
        UnknownRecord: if the task was not submitted.
        TaskConflict: if it was submitted with other content.
        HeldElsewhere: if the task is no longer queued, or its target has an active run.
    """
    _refuse_task(connection, opened.task)
    refuse_target(connection, opened.target_key)
    opened_ms = database.clock.read().at_ms
    run = run_id(opened_ms)
    try:
        _insert(connection, run, opened, opened_ms=opened_ms)
    except IntegrityError as error:
        if _violated(error) not in _OF_A_TARGET:
            raise
        raise HeldElsewhere("the target has an active run by now", advice="Start the command again.") from None
    return leases.grant(connection, run, holder, ttl_s, database.now(connection))


def _violated(error: IntegrityError) -> str | None:
    return error.orig.diag.constraint_name if isinstance(error.orig, psycopg.Error) else None


def _refuse_task(connection: Connection, task: Task) -> None:
    row = lock(connection, select(_TASKS.c.state, _TASKS.c.document_sha256).where(_TASKS.c.id == task.id))
    if row is None:
        raise UnknownRecord(f"there is no task {task.id}")
    if row.document_sha256 != document_sha256(task):
        raise TaskConflict(f"task {task.id} was submitted with other content")
    if row.state != "queued":
        raise HeldElsewhere(f"task {task.id} is {row.state} by now", advice="Start the command again.")


def refuse_target(connection: Connection, target_key: str) -> None:
    """Refuse a target that has an active run.

    Args:
        connection: a transaction.
        target_key: the target.

    Raises:
        HeldElsewhere: naming the run.
    """
    run = connection.execute(
        select(_RUNS.c.id).where(_RUNS.c.target_key == target_key, _RUNS.c.state == "active")
    ).scalar_one_or_none()
    if run is not None:
        raise HeldElsewhere(f"the target has an active run, {run}")


def _insert(connection: Connection, run: str, opened: Opened, *, opened_ms: int) -> None:
    target = opened.target_key
    earlier = select(func.coalesce(func.max(_RUNS.c.ordinal), 0)).where(_RUNS.c.target_key == target)
    connection.execute(
        insert(_RUNS).values(
            id=run,
            task=opened.task.id,
            runbook=opened.task.runbook,
            target_key=target,
            ordinal=connection.execute(earlier).scalar_one() + 1,
            opened_ms=opened_ms,
            deadline_ms=opened.deadline_ms,
            state="active",
            step=opened.routing.steps[0],
            seq=0,
        )
    )
    connection.execute(update(_TASKS).where(_TASKS.c.id == opened.task.id).values(state="active"))
