"""Runs: opening, appending and reading."""

from __future__ import annotations

import builtins
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import select

from runbook_gate.errors import LedgerBroken
from runbook_gate.ledger import evidence, tables
from runbook_gate.ledger.batch import Batch
from runbook_gate.ledger.database import Database
from runbook_gate.ledger.identifiers import packet_id
from runbook_gate.ledger.leases import LEASE_S
from runbook_gate.ledger.opening import refuse_target, register
from runbook_gate.ledger.records import Draft, Finished, Lease, RunState, RunStatus
from runbook_gate.ledger.run_status import one_status, statuses
from runbook_gate.ledger.sealing import plain, unseal
from runbook_gate.ledger.walking import walk
from runbook_gate.models.entry import Entry
from runbook_gate.models.runbook import Opened

_RUNS = tables.runs
_TASKS = tables.tasks


class Runs:
    """The runs of a store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open(self, opened: Opened, *, holder: str, ttl_s: int = LEASE_S) -> tuple[Lease, Entry]:
        """Open the run of a queued task and hold it.

        Args:
            opened: the body of its first entry.
            holder: who will hold it: host, process and a random part.
            ttl_s: for how many seconds.

        Returns:
            The lease, which names the run, and the `opened` entry.

        Raises:
            UnknownRecord: if the task was not submitted.
            TaskConflict: if it was submitted with other content.
            HeldElsewhere: if the task is no longer queued, or its target has an active run.
        """
        with self._database.write() as connection:
            lease = register(connection, self._database, opened, holder=holder, ttl_s=ttl_s)
            batch = Batch(connection, self._database, lease)
            return lease, batch.append(Draft(kind="opened", body=plain(opened)))

    def require_free(self, target_key: str) -> None:
        """See that a target has no active run, before anything is started for a new one.

        Args:
            target_key: the target.

        Raises:
            HeldElsewhere: naming the run that it has.
        """
        with self._database.read() as connection:
            refuse_target(connection, target_key)

    @contextmanager
    def batch(self, lease: Lease, *, head: str | None = None) -> Iterator[Batch]:
        """Record several things together.

        Args:
            lease: the right to.
            head: sha256 of the entry that they follow; None for whichever is the newest.

        Yields:
            Where to record; durable when the block has ended, and nothing of it if the block raises.

        Raises:
            LeaseLost: if another process took the run over.
            EntriesLost: if another entry is the newest.
            LedgerUnwritable: if nothing was recorded.
        """
        with self._database.write() as connection:
            batch = Batch(connection, self._database, lease, head)
            yield batch
            batch.settle()

    def append(self, lease: Lease, draft: Draft, *, head: str | None = None) -> Entry:
        """Record one entry; it is durable on return.

        Args:
            lease: the right to.
            draft: what it records.
            head: sha256 of the entry that it follows; None for whichever is the newest.

        Returns:
            The entry with its digest.

        Raises:
            LeaseLost: if another process took the run over.
            EntriesLost: if another entry is the newest.
            LedgerUnwritable: if nothing was recorded.
        """
        with self.batch(lease, head=head) as batch:
            return batch.append(draft)

    def entries(self, run: str) -> builtins.list[Entry]:
        """Read a run, its chain checked.

        Args:
            run: the run.

        Returns:
            Its entries in order.

        Raises:
            UnknownRecord: if there is no such run.
            LedgerBroken: naming the first position where the chain disagrees.
        """
        with self._database.read() as connection:
            chain, found = walk(connection, run)
            if chain.broken:
                raise LedgerBroken(f"the chain of run {run} is broken: {chain.broken}")
            return [unseal(Entry, fields) for fields in found]

    def status(self, run: str) -> RunStatus:
        """Look up where a run stands.

        Args:
            run: the run.

        Returns:
            Its status.

        Raises:
            UnknownRecord: if there is no such run.
        """
        with self._database.read() as connection:
            return one_status(connection, run)

    def list(self, state: RunState | None = None, *, limit: int | None = 100) -> list[RunStatus]:
        """List runs, newest first.

        Args:
            state: only those; None for all.
            limit: how many at most; None for all.

        Returns:
            Their statuses.
        """
        condition = _RUNS.c.state == state if state else None
        with self._database.read() as connection:
            return statuses(connection, condition, order=_RUNS.c.id.desc(), limit=limit)

    def past_deadline(self, *, limit: int = 100) -> builtins.list[RunStatus]:
        """List active runs whose deadline has passed, the most overdue first.

        Args:
            limit: how many at most.

        Returns:
            Their statuses.
        """
        now = self._database.clock.read().at_ms
        overdue = (_RUNS.c.state == "active") & (_RUNS.c.deadline_ms <= now)
        with self._database.read() as connection:
            return statuses(connection, overdue, order=_RUNS.c.deadline_ms, limit=limit)

    def result(self, task_id: str) -> Finished | None:
        """Read the stored result of a task's run.

        Args:
            task_id: the task.

        Returns:
            How it ended; None if it has not, or if there is no such run.

        Raises:
            LedgerBroken: if the stored record was altered.
        """
        with self._database.read() as connection:
            row = connection.execute(
                select(_RUNS).where(_RUNS.c.task == task_id, _RUNS.c.state != "active")
            ).one_or_none()
            if row is None:
                return None
            record = evidence.get(connection, row.record_sha256)
        packet = packet_id(row.head) if row.state == "escalated" else None
        return Finished(row.state, row.id, task_id, row.head, record, row.record_sha256, packet)
