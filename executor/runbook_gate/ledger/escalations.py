"""Escalations: each run's packet, and what people did about it."""

from __future__ import annotations

import builtins
from typing import Any, Literal

from sqlalchemy import Connection, Row, select, update

from runbook_gate.errors import UnknownRecord
from runbook_gate.ledger import evidence, handling, journal, outbox, tables
from runbook_gate.ledger.database import Database
from runbook_gate.ledger.handling import Handled, state_of
from runbook_gate.ledger.records import Escalation, EscalationState
from runbook_gate.models.ledger_facts import UnacknowledgedEscalation

_PACKETS = tables.packets
_RUNS = tables.runs
_INDEX = tables.escalations


class Escalations:
    """The escalations of a store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list(self, state: EscalationState | Literal["all"] = "all", *, limit: int = 100) -> list[Escalation]:
        """List escalations, oldest first.

        Args:
            state: open, acknowledged, resolved, or all.
            limit: how many at most.

        Returns:
            Them, each with what became of it.
        """
        wanted = _select().order_by(_PACKETS.c.at_ms, _PACKETS.c.id).limit(limit)
        if state != "all":
            wanted = wanted.join(_INDEX, _INDEX.c.packet == _PACKETS.c.id).where(_INDEX.c.state == state)
        with self._database.read() as connection:
            return [_escalation(connection, row) for row in connection.execute(wanted).all()]

    def ids(self, *states: EscalationState, limit: int) -> builtins.list[str]:
        """Ids of escalations, oldest first. What it costs does not grow with those of other states.

        Args:
            states: open, acknowledged, resolved; those in any of them.
            limit: how many at most.
        """
        wanted = select(_PACKETS.c.id).join(_INDEX, _INDEX.c.packet == _PACKETS.c.id).where(_INDEX.c.state.in_(states))
        wanted = wanted.order_by(_PACKETS.c.at_ms, _PACKETS.c.id).limit(limit)
        with self._database.read() as connection:
            return list(connection.execute(wanted).scalars())

    def get(self, escalation: str) -> Escalation:
        """Look up an escalation.

        Args:
            escalation: its id.

        Returns:
            It, with what became of it.

        Raises:
            UnknownRecord: if there is none.
        """
        with self._database.read() as connection:
            return _one(connection, escalation)

    def packet(self, escalation: str) -> bytes:
        """Read the packet.

        Args:
            escalation: its id.

        Returns:
            The packet as it was made, checked.

        Raises:
            UnknownRecord: if there is none.
            LedgerBroken: if it was altered.
        """
        with self._database.read() as connection:
            return evidence.get(connection, _one(connection, escalation).packet_sha256)

    def acknowledge(self, escalation: str, *, actor: str, note: str) -> Escalation:
        """Record that somebody took the target over; runs on it are possible again.

        Args:
            escalation: its id.
            actor: who.
            note: what they say.

        Returns:
            It; if it was not open, as it was.

        Raises:
            UnknownRecord: if there is none.
        """
        return self._handle(escalation, "acknowledged", ("open",), actor, note)

    def resolve(self, escalation: str, *, actor: str, note: str) -> Escalation:
        """Record that an escalation is settled.

        Args:
            escalation: its id.
            actor: who.
            note: what they say.

        Returns:
            It; if it was resolved before, as it was.

        Raises:
            UnknownRecord: if there is none.
        """
        return self._handle(escalation, "resolved", ("open", "acknowledged"), actor, note)

    def unacknowledged(self, target_key: str) -> builtins.list[UnacknowledgedEscalation]:
        """List the escalations of a target that nobody acknowledged or resolved.

        Args:
            target_key: the target.

        Returns:
            Them, oldest first.
        """
        with self._database.read() as connection:
            return handling.unacknowledged(connection, target_key)

    def _handle(
        self,
        escalation: str,
        kind: Handled,
        states: tuple[EscalationState, ...],
        actor: str,
        note: str,
    ) -> Escalation:
        with self._database.write() as connection:
            journal.begin(connection)
            there = _one(connection, escalation)
            if there.state in states:
                body = {"note": note, "packet_sha256": there.packet_sha256, "run": there.run}
                entry = journal.append(
                    connection, self._database, kind=kind, subject=escalation, actor=actor, body=body
                )
                connection.execute(update(_INDEX).where(_INDEX.c.packet == escalation).values(state=kind))
                head = journal.head(connection)
                outbox.add(connection, self._database, kind, run=there.run, sha256=head, at_ms=entry.at_ms)
            return _one(connection, escalation)


def _select() -> Any:
    return select(_PACKETS, _RUNS.c.task).join(_RUNS, _RUNS.c.id == _PACKETS.c.run)


def _one(connection: Connection, escalation: str) -> Escalation:
    row = connection.execute(_select().where(_PACKETS.c.id == escalation)).one_or_none()
    if row is None:
        raise UnknownRecord(f"there is no escalation {escalation}")
    return _escalation(connection, row)


def _escalation(connection: Connection, row: Row[Any]) -> Escalation:
    acknowledged = journal.handling(connection, "acknowledged", row.id)
    resolved = journal.handling(connection, "resolved", row.id)
    return Escalation(
        id=row.id,
        run=row.run,
        task=row.task,
        target_key=row.target_key,
        at_ms=row.at_ms,
        state=state_of(acknowledged=acknowledged, resolved=resolved),
        packet_sha256=row.sha256,
        acknowledged=acknowledged,
        resolved=resolved,
    )
