"""What people did about escalations, as the store's own chain says."""

from __future__ import annotations

from typing import Literal

from sqlalchemy import ColumnElement, Connection, exists, select

from runbook_gate.ledger import tables
from runbook_gate.ledger.records import EscalationState
from runbook_gate.models.ledger_facts import UnacknowledgedEscalation

_PACKETS = tables.packets
_JOURNAL = tables.journal
Handled = Literal["acknowledged", "resolved"]


def state_of(*, acknowledged: object, resolved: object) -> EscalationState:
    """Where an escalation stands, by whether somebody acknowledged and whether somebody resolved it."""
    return "resolved" if resolved else "acknowledged" if acknowledged else "open"


def handled_as(kind: Handled) -> ColumnElement[bool]:
    """Condition on `packets` that somebody acknowledged, or resolved, the escalation, as the store's own chain says."""
    return exists().where(_JOURNAL.c.kind == kind, _JOURNAL.c.subject == _PACKETS.c.id)


def unacknowledged(connection: Connection, target_key: str) -> list[UnacknowledgedEscalation]:
    """List the escalations of a target that nobody acknowledged or resolved.

    A decision rests on it, so it is read from the record: an index says where to look, not what is true.

    Args:
        connection: a transaction.
        target_key: the target.

    Returns:
        Them, oldest first.
    """
    open_ = ~handled_as("acknowledged") & ~handled_as("resolved")
    wanted = (
        select(_PACKETS.c.id, _PACKETS.c.run)
        .where(_PACKETS.c.target_key == target_key, open_)
        .order_by(_PACKETS.c.at_ms, _PACKETS.c.id)
    )
    return [UnacknowledgedEscalation(id=row.id, run=row.run) for row in connection.execute(wanted)]
