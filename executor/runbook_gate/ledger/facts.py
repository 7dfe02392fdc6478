"""The source `ledger`: what the store knows, as facts for the gate."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from sqlalchemy import Connection, select

from runbook_gate.ledger import evidence, restorations, tables
from runbook_gate.ledger.handling import unacknowledged
from runbook_gate.ledger.identity import identity
from runbook_gate.ledger.pauses import current
from runbook_gate.ledger.sealing import unseal
from runbook_gate.ledger.walking import named_evidence, walk
from runbook_gate.models.database import DatabaseIdentity
from runbook_gate.models.entry import Entry
from runbook_gate.models.ledger_facts import LedgerFacts

_RUNS = tables.runs


def gather(connection: Connection, target_key: str, marked: Iterable[str], run: str | None) -> LedgerFacts:
    """Gather the facts.

    Args:
        connection: a transaction.
        target_key: the target.
        marked: runs that markers on the namespace name.
        run: the run that asks; None before it is opened.

    Returns:
        The facts.
    """
    previous = _previous(connection, target_key, run)
    own = walk(connection, run)[1] if run else []
    here = identity(connection)
    return LedgerFacts(
        previous_run=previous,
        previous_chain=_chain(connection, previous),
        evidence_missing=evidence.missing(connection, set().union(*map(named_evidence, own))),
        escalations=unacknowledged(connection, target_key),
        paused=current(connection) or restorations.pause(connection, run),
        database=here,
        recorded_by=_recorded_by(own) if run else [here],
        known_runs=_known(connection, marked),
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


def _recorded_by(own: Iterable[dict[str, Any]]) -> list[DatabaseIdentity | None]:
    found = list[DatabaseIdentity | None]()
    for fields in own:
        database = unseal(Entry, fields).database
        if database not in found:
            found.append(database)
    return found


def _known(connection: Connection, marked: Iterable[str]) -> list[str]:
    return list(connection.execute(select(_RUNS.c.id).where(_RUNS.c.id.in_(marked)).order_by(_RUNS.c.id)).scalars())
