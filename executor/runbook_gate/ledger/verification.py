"""`ledger verify`: whether everything that is stored agrees with itself.

It says `chain consistent` and no more: whoever owns the database can rewrite an unkeyed chain as a whole, and can
leave out the newest entries. That shows against a head that was kept elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Row, Select, exists, select

from runbook_gate.errors import UnknownRecord
from runbook_gate.ledger import evidence, tables
from runbook_gate.ledger.chain import Break, Chain, Link, intact
from runbook_gate.ledger.identifiers import packet_id
from runbook_gate.ledger.reports import ChainReport, HeadReport, Verification
from runbook_gate.ledger.walking import follow, named_evidence

_RUNS = tables.runs
_ENTRIES = tables.entries
_EVIDENCE = tables.evidence
_AT_ONCE = 500


def verify(connection: Connection, *, run: str | None, head: str | None) -> Verification:
    """Check one run, or the whole store.

    Args:
        connection: a transaction.
        run: the run; None for every run and the store's own chain.
        head: digest of an entry that was noted elsewhere; None for none.

    Returns:
        What was found.

    Raises:
        UnknownRecord: if there is no such run.
    """
    altered = frozenset(_altered(connection)) if run is None else None
    chains = [_run(connection, *item, altered) for item in _grouped(connection, run)]
    if run is not None and not chains:
        raise UnknownRecord(f"there is no run {run}")
    if run is None:
        chains += [ChainReport(stray, 0, None, Break(1, "index_differs")) for stray in _strays(connection)]
        chains.append(_journal(connection))
    return Verification(
        chains=tuple(chains),
        evidence_altered=tuple(sorted(altered or ())),
        head=None if head is None else _head(connection, head, {chain.chain: chain for chain in chains}),
    )


def _grouped(connection: Connection, run: str | None) -> Iterator[tuple[Row[Any], list[Row[Any]]]]:
    wanted = select(_ENTRIES).join(_RUNS, _RUNS.c.id == _ENTRIES.c.run).order_by(_RUNS.c.id, _ENTRIES.c.seq)
    runs = select(_RUNS, tables.packets.c.id.label("packet"), tables.packets.c.sha256.label("packet_sha256"))
    runs = runs.outerjoin(tables.packets, tables.packets.c.run == _RUNS.c.id).order_by(_RUNS.c.id)
    if run is not None:
        wanted, runs = wanted.where(_RUNS.c.id == run), runs.where(_RUNS.c.id == run)
    rows = groupby(connection.execute(wanted.execution_options(yield_per=_AT_ONCE)), key=lambda row: row.run)
    key, entries = next(rows, (None, iter(())))
    for row in connection.execute(runs.execution_options(yield_per=_AT_ONCE)):
        if key != row.id:
            yield row, []
            continue
        yield row, list(entries)
        key, entries = next(rows, (None, iter(())))


def _run(connection: Connection, row: Row[Any], entries: list[Row[Any]], altered: frozenset[str] | None) -> ChainReport:
    chain, found = follow(row, entries)
    packet = (packet_id(row.head), row.record_sha256) if row.state == "escalated" else (None, None)
    chain.compare(seq=row.seq, equal=(row.packet, row.packet_sha256) == packet)
    named = {row.record_sha256} - {None}
    named |= set().union(*(named_evidence(fields) for fields in found))
    if altered is None:
        altered = frozenset(_altered(connection, named))
    return ChainReport(
        chain=row.id,
        entries=chain.length,
        head=chain.head,
        broken=chain.broken,
        evidence_missing=tuple(evidence.missing(connection, named)),
        evidence_altered=tuple(sorted(named & altered)),
    )


def _strays(connection: Connection) -> list[str]:
    """Runs of which there are entries, but no row in the index."""
    runs = select(_ENTRIES.c.run).distinct().where(_ENTRIES.c.run.not_in(select(_RUNS.c.id)))
    return list(connection.execute(runs.order_by(_ENTRIES.c.run)).scalars())


def _altered(connection: Connection, digests: set[str] | None = None) -> Iterator[str]:
    wanted = select(_EVIDENCE.c.sha256, _EVIDENCE.c.data)
    if digests is not None:
        wanted = wanted.where(_EVIDENCE.c.sha256.in_(digests))
    for row in connection.execute(wanted.execution_options(yield_per=_AT_ONCE)):
        if not intact(row.data, row.sha256):
            yield row.sha256


def _journal(connection: Connection) -> ChainReport:
    store = connection.execute(select(tables.store)).one()
    chain = Chain("store", store.id)
    for row in connection.execute(_journal_with_index().execution_options(yield_per=_AT_ONCE)):
        fields = chain.add(Link(row.seq, row.kind, row.sha256, row.data))
        if fields is not None:
            chain.compare(seq=row.seq, equal=fields.get("subject") == row.subject and _index_agrees(row))
    chain.end(store.seq, store.head)
    return ChainReport("store", chain.length, chain.head, chain.broken)


def _journal_with_index() -> Select[Any]:
    journal, tasks, other = tables.journal, tables.tasks, tables.journal.alias()
    withdrawn = exists().where(other.c.kind == "withdrawn", other.c.subject == tasks.c.id)
    task = (tasks.c.id.label("task"), tasks.c.state.label("task_state"), tasks.c.outcome)
    return (
        select(journal, *task, _RUNS.c.state.label("run_state"), withdrawn.label("withdrawn"))
        .outerjoin(tasks, tasks.c.journal_seq == journal.c.seq)
        .outerjoin(_RUNS, _RUNS.c.task == tasks.c.id)
        .order_by(journal.c.seq)
    )


def _index_agrees(row: Row[Any]) -> bool:
    if row.kind != "submitted":
        return row.task is None
    outcome = "withdrawn" if row.withdrawn else row.run_state if row.run_state != "active" else None
    state = "finished" if outcome else row.run_state or "queued"
    withdrawn_unopened = not (row.withdrawn and row.run_state)
    return (row.task, row.task_state, row.outcome) == (row.subject, state, outcome) and withdrawn_unopened


def _head(connection: Connection, head: str, chains: dict[str, ChainReport]) -> HeadReport:
    run = connection.execute(select(_ENTRIES.c.run, _ENTRIES.c.seq).where(_ENTRIES.c.sha256 == head))
    own = connection.execute(select(tables.journal.c.seq).where(tables.journal.c.sha256 == head))
    places = [*((row.run, row.seq) for row in run), *(("store", row.seq) for row in own)]
    for name, seq in places:
        chain = chains.get(name)
        if chain is not None and seq <= chain.entries:
            return HeadReport(head, name, seq, chain.entries - seq)
    return HeadReport(head, None, None, 0)
