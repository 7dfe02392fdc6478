"""The queue: tasks as they were submitted, and where they stand."""

from __future__ import annotations

import builtins
from typing import Final

from sqlalchemy import select, update

from runbook_gate.errors import UnknownRecord
from runbook_gate.ledger import journal, submitting, tables
from runbook_gate.ledger.database import Database
from runbook_gate.ledger.due import claim_task, due_tasks, next_due_in_ms
from runbook_gate.ledger.records import TaskState, TaskStatus
from runbook_gate.ledger.sealing import unseal
from runbook_gate.ledger.task_status import one_task, task_status, task_statuses
from runbook_gate.models.task import Task

_TASKS = tables.tasks
CLAIM_S: Final = 30  # longer than it takes to open a run


class Tasks:
    """The tasks of a store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def submit(self, task: Task) -> TaskStatus:
        """Queue a task. The same task again changes nothing.

        Args:
            task: the task with its submission.

        Returns:
            Where it stands.

        Raises:
            TaskConflict: a task with this id was submitted with other content.
        """
        with self._database.write() as connection:
            submitting.submit(connection, self._database, task)
            return one_task(connection, task.id)

    def get(self, task_id: str) -> Task:
        """Read a task as it was submitted.

        Args:
            task_id: its id.

        Returns:
            The task.

        Raises:
            UnknownRecord: if there is none.
            LedgerBroken: if its record was altered.
        """
        with self._database.read() as connection:
            seq = connection.execute(select(_TASKS.c.journal_seq).where(_TASKS.c.id == task_id)).scalar_one_or_none()
            if seq is None:
                raise UnknownRecord(f"there is no task {task_id}")
            return unseal(Task, journal.at(connection, seq).body.get("task"))

    def status(self, task_id: str) -> TaskStatus:
        """Look up where a task stands.

        Args:
            task_id: its id.

        Returns:
            Its status.

        Raises:
            UnknownRecord: if there is none.
        """
        with self._database.read() as connection:
            return one_task(connection, task_id)

    def list(self, state: TaskState | None = None, *, limit: int = 100) -> list[TaskStatus]:
        """List tasks, oldest first.

        Args:
            state: only those; None for all.
            limit: how many at most.

        Returns:
            Their statuses.
        """
        wanted = task_statuses().order_by(_TASKS.c.journal_seq).limit(limit)
        if state:
            wanted = wanted.where(_TASKS.c.state == state)
        with self._database.read() as connection:
            return [task_status(row) for row in connection.execute(wanted)]

    def due(self, *, limit: int = 20, by: str | None = None, queued: bool = True) -> builtins.list[TaskStatus]:
        """List what could be taken now, what has been due the longest first: queued, or active with nobody at work.

        A task is due since it was submitted, or since the moment until which it was deferred: one that cannot go on
        falls back behind those that were due before its next try. Whether a queued task's target is free shows when
        its run is opened.

        Args:
            limit: how many at most.
            by: who asks: what others have claimed is left out.
            queued: whether tasks without a run are wanted too.

        Returns:
            Their statuses.
        """
        with self._database.read() as connection:
            return due_tasks(connection, self._database.now(connection), limit=limit, by=by, queued=queued)

    def next_due_in_ms(self) -> int | None:
        """In how many milliseconds the next task is due that was deferred; None if none was."""
        with self._database.read() as connection:
            return next_due_in_ms(connection, self._database.now(connection))

    def claim(self, by: str, *, seconds: int = CLAIM_S, queued: bool = True) -> TaskStatus | None:
        """Reserve the task that has been due the longest, in the order of `due`, so that nobody else takes it up.

        A claim is no lease: it only keeps others away while the run is opened or its lease acquired. It is no part
        of the record, and ends when its time is over by the database's clock, when the run's lease is released,
        when the task is deferred, or by `unclaim`. Who claims again with the same name may get the same task.

        Args:
            by: who asks; each worker its own name.
            seconds: for how long.
            queued: whether tasks without a run are wanted too.

        Returns:
            The task's status; None if nothing is due that is not claimed.
        """
        with self._database.write() as connection:
            return claim_task(connection, self._database.now(connection), by=by, seconds=seconds, queued=queued)

    def unclaim(self, task_id: str, by: str) -> None:
        """End a claim; nothing happens if it is another's by now.

        Args:
            task_id: the task.
            by: who claimed it.
        """
        with self._database.write() as connection:
            connection.execute(
                update(_TASKS).where(_TASKS.c.id == task_id, _TASKS.c.claimed_by == by).values(**tables.UNCLAIMED)
            )

    def defer(self, task_id: str, not_before_ms: int) -> None:
        """Set when a task is due, and end its claim. This is no part of the record.

        Args:
            task_id: the task; nothing happens if it is finished.
            not_before_ms: this host's wall clock, milliseconds since the epoch.
        """
        with self._database.write() as connection:
            due = self._database.moment(connection, not_before_ms)
            connection.execute(
                update(_TASKS)
                .where(_TASKS.c.id == task_id, _TASKS.c.state != "finished")
                .values(not_before_ms=due, **tables.UNCLAIMED)
            )

    def withdraw(self, task_id: str, *, actor: str) -> TaskStatus:
        """Take a task out of the queue for good.

        Args:
            task_id: the task.
            actor: who asks.

        Returns:
            Its status.

        Raises:
            UnknownRecord: if there is none.
            UsageFault: if it is no longer queued.
        """
        with self._database.write() as connection:
            submitting.withdraw(connection, self._database, task_id, actor=actor)
            return one_task(connection, task_id)
