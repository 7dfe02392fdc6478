"""How a task comes into the queue, and how it leaves it without a run."""

from __future__ import annotations

from sqlalchemy import Connection, insert, select, update

from runbook_gate.errors import TaskConflict, UsageFault
from runbook_gate.ledger import journal, tables
from runbook_gate.ledger.database import Database
from runbook_gate.ledger.sealing import document_sha256, plain
from runbook_gate.ledger.task_status import one_task
from runbook_gate.ledger.turns import lock
from runbook_gate.models.task import Task

_TASKS = tables.tasks


def submit(connection: Connection, database: Database, task: Task) -> None:
    """Queue a task; as `Tasks.submit`.

    Args:
        connection: a writing transaction.
        database: whose it is.
        task: the task with its submission.
    """
    journal.begin(connection)
    digest = document_sha256(task)
    there = connection.execute(select(_TASKS.c.document_sha256).where(_TASKS.c.id == task.id)).scalar_one_or_none()
    if there == digest:
        return
    if there is not None:
        raise TaskConflict(f"task {task.id} was submitted before with other content")
    submitter, body = task.submission.submitter, {"task": plain(task)}
    entry = journal.append(connection, database, kind="submitted", subject=task.id, actor=submitter, body=body)
    connection.execute(
        insert(_TASKS).values(
            id=task.id,
            journal_seq=entry.seq,
            document_sha256=digest,
            runbook=task.runbook,
            submitted_ms=entry.at_ms,
            not_before_ms=0,
            state="queued",
        )
    )


def withdraw(connection: Connection, database: Database, task_id: str, *, actor: str) -> None:
    """Take a task out of the queue for good; as `Tasks.withdraw`.

    Args:
        connection: a writing transaction.
        database: whose it is.
        task_id: the task.
        actor: who asks.
    """
    journal.begin(connection)
    lock(connection, select(_TASKS.c.id).where(_TASKS.c.id == task_id))
    status = one_task(connection, task_id)
    if status.state != "queued":
        raise UsageFault(f"task {task_id} is {status.state}: only queued tasks can be withdrawn")
    journal.append(connection, database, kind="withdrawn", subject=task_id, actor=actor, body={})
    connection.execute(update(_TASKS).where(_TASKS.c.id == task_id).values(state="finished", outcome="withdrawn"))
