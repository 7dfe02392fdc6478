"""Appending: entries, evidence and the end of a run, all in one transaction or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Literal

from sqlalchemy import Connection, bindparam, insert, select, update

from runbook_gate.canonical import sha256_hex
from runbook_gate.errors import EntriesLost, LedgerFault
from runbook_gate.ledger import evidence, outbox, tables
from runbook_gate.ledger.database import Database
from runbook_gate.ledger.identifiers import packet_id
from runbook_gate.ledger.identity import identity
from runbook_gate.ledger.leases import checked
from runbook_gate.ledger.records import Draft, Finished, Lease
from runbook_gate.ledger.sealing import seal, unseal
from runbook_gate.models.entry import Entry, EntryFields

_RUNS = tables.runs
# Made once: to make a statement takes longer than to execute it.
_RUN = select(_RUNS).where(_RUNS.c.id == bindparam("run"))
_UPDATE_RUN = update(_RUNS).where(_RUNS.c.id == bindparam("of"))
_ENTRY = insert(tables.entries)
_OUTCOMES: dict[str, Literal["complete", "escalated"]] = {"completed": "complete", "escalated": "escalated"}


class Batch:
    """What is recorded together. It becomes durable when its block ends, and nothing of it before.

    It holds the store's only writing transaction: no effect, no question to the gate and no other call of the
    store belongs inside the block.
    """

    def __init__(self, connection: Connection, database: Database, lease: Lease, head: str | None = None) -> None:
        checked(connection, lease)
        row = connection.execute(_RUN, {"run": lease.run}).one()  # whoever writes it has the lease
        if head not in (None, row.head):
            raise EntriesLost(f"run {lease.run} does not end in the ledger with the entry that was recorded last")
        self._identity = identity(connection)
        self._connection = connection
        self._database = database
        self._lease = lease
        self._row = row
        self._seq: int = row.seq
        self._head: str | None = row.head
        self._step: str = row.step
        self._ended = False
        self._evidence = dict[str, bytes]()

    def append(self, draft: Draft) -> Entry:
        """Add an entry.

        Args:
            draft: what it records.

        Returns:
            The entry with its digest, which a later entry of the batch may name.

        Raises:
            CanonicalError: if the body has no canonical form.
        """
        if self._ended:
            raise LedgerFault(f"run {self._lease.run} has ended: nothing can be added")
        fields = self._fields(draft)
        data, sha256 = seal(fields)
        self._connection.execute(
            _ENTRY,
            {
                "run": fields.run,
                "seq": fields.seq,
                "kind": fields.kind,
                "checkpoint": fields.checkpoint,
                "sha256": sha256,
                "data": data,
            },
        )
        self._seq, self._head, self._step = fields.seq, sha256, fields.step
        self._update_run(seq=self._seq, head=self._head, step=self._step)
        return unseal(Entry, {**json.loads(data), "sha256": sha256})

    def put(self, data: bytes) -> str:
        """Keep evidence.

        Args:
            data: the bytes.

        Returns:
            Their SHA-256.
        """
        sha256 = sha256_hex(data)
        self._evidence[sha256] = data
        return sha256

    def settle(self) -> None:
        """Write what was put; in order, so that two batches never wait for each other."""
        for _, data in sorted(self._evidence.items()):
            evidence.put(self._connection, data)
        self._evidence.clear()

    def finish(self, draft: Draft, make: Callable[[Entry], bytes]) -> Finished:
        """End the run: its last entry, its record, who is told of it, and the target free for others.

        Args:
            draft: of kind completed or escalated.
            make: makes the completion record or the escalation packet from the last entry.

        Returns:
            The result that is stored.
        """
        outcome = _OUTCOMES[draft.kind]
        entry = self.append(draft)
        record = make(entry)
        sha256 = self.put(record)
        self.settle()
        packet = self._packet(entry, sha256) if outcome == "escalated" else None
        outbox.add(self._connection, self._database, draft.kind, run=entry.run, sha256=entry.sha256, at_ms=entry.at_ms)
        self._update_run(state=outcome, record_sha256=sha256)
        self._close(outcome)
        return Finished(outcome, entry.run, entry.task, entry.sha256, record, sha256, packet)

    def _fields(self, draft: Draft) -> EntryFields:
        now = self._database.clock.read()
        return EntryFields(
            schema_=1,
            run=self._lease.run,
            task=self._row.task,
            runbook=self._row.runbook,
            step=draft.step or self._step,
            seq=self._seq + 1,
            kind=draft.kind,
            checkpoint=draft.checkpoint,
            attempt=draft.attempt,
            actor=draft.actor,
            at_ms=now.at_ms,
            boottime_ms=now.boottime_ms,
            boot_id=now.boot_id,
            server_date_ms=draft.server_date_ms,
            executor=self._database.executor,
            lease=self._lease.number,
            system_identifier=self._identity.system_identifier if self._identity else None,
            timeline_id=self._identity.timeline_id if self._identity else None,
            body=draft.body,
            prev_sha256=self._head,
        )

    def _packet(self, entry: Entry, sha256: str) -> str:
        packet = packet_id(entry.sha256)
        target = self._row.target_key
        self._connection.execute(
            insert(tables.packets).values(id=packet, run=entry.run, target_key=target, at_ms=entry.at_ms, sha256=sha256)
        )
        self._connection.execute(insert(tables.escalations).values(packet=packet, state="open"))
        return packet

    def _close(self, outcome: str) -> None:
        tasks, leases = tables.tasks, tables.leases
        ended = {"state": "finished", "outcome": outcome, **tables.UNCLAIMED}
        self._connection.execute(update(tasks).where(tasks.c.id == self._row.task).values(**ended))
        self._connection.execute(update(leases).where(leases.c.run == self._lease.run).values(holder=None))
        self._ended = True

    def _update_run(self, **values: Any) -> None:
        self._connection.execute(_UPDATE_RUN, {"of": self._lease.run, **values})
