"""The source `ledger`: what the store knows, as facts for the gate."""

from __future__ import annotations

from typing import Literal

from sqlalchemy import Connection, select

from runbook_gate.ledger import evidence, restorations, tables
from runbook_gate.ledger.escalations import unacknowledged
from runbook_gate.ledger.pauses import current
from runbook_gate.ledger.walking import named_evidence, walk
from runbook_gate.models.observation import LedgerFacts

_RUNS = tables.runs


def gather(connection: Connection, target_key: str, run: str | None) -> LedgerFacts:
    """Gather the facts.

    Args:
        connection: a transaction.
        target_key: the target.
        run: the run that asks; None before it is opened.

    Returns:
        The facts.
    """
    previous = _previous(connection, target_key, run)
    return LedgerFacts(
        previous_run=previous,
        previous_chain=_chain(connection, previous),
        evidence_missing=_missing(connection, run) if run else [],
        escalations=unacknowledged(connection, target_key),
        paused=current(connection) or restorations.pause(connection, run),
    )


def _previous(connection: Connection, target_key: str, run: str | None) -> str | None:
    wanted = select(_RUNS.c.id).where(_RUNS.c.target_key == target_key)
    if run is not None:
        own = select(_RUNS.c.ordinal).where(_RUNS.c.id == run).scalar_subquery()
        wanted = wanted.where(_RUNS.c.ordinal < own)
    return connection.execute(wanted.order_by(_RUNS.c.ordinal.desc()).limit(1)).scalar_one_or_none()


def _chain(connection: Connection, run: str | None) -> Literal["none", "intact", "broken"]:
    if run is None:
        return "none"
    return "broken" if walk(connection, run)[0].broken else "intact"


def _missing(connection: Connection, run: str) -> list[str]:
    named = [named_evidence(fields) for fields in walk(connection, run)[1]]
    return evidence.missing(connection, set().union(*named))
