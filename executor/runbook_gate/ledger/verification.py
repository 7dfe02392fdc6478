"""`ledger verify`: whether everything that is stored agrees with itself.

It says `chain consistent` and no more: whoever owns the database can rewrite an unkeyed chain as a whole, and can
leave out the newest entries. That shows against heads that were kept elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby, islice
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, select

from runbook_gate.errors import UnknownRecord
from runbook_gate.ledger import evidence, parts, tables
from runbook_gate.ledger.chain import Break, intact
from runbook_gate.ledger.handling import Handled, handled_as, state_of
from runbook_gate.ledger.heads import KeptHead
from runbook_gate.ledger.identifiers import packet_id
from runbook_gate.ledger.locating import located
from runbook_gate.ledger.own_chain import own_chain
from runbook_gate.ledger.parts import Spread
from runbook_gate.ledger.reports import ChainReport, Verification
from runbook_gate.ledger.walking import follow, named_evidence
from runbook_gate.shapes import mapping

_RUNS = tables.runs
_ENTRIES = tables.entries
_EVIDENCE = tables.evidence
_PACKETS = tables.packets
_ESCALATIONS = tables.escalations
_LEASES = tables.leases
_HANDLED: Final[tuple[Handled, ...]] = ("acknowledged", "resolved")
_AT_ONCE = 500
_RUNS_AT_ONCE = 50


def verify(connection: Connection, *, run: str | None, heads: Iterable[KeptHead], spread: Spread) -> Verification:
    """Check one run, or the whole store.

    Args:
        connection: a transaction.
        run: the run; None for every run and the store's own chain.
        heads: what was noted elsewhere, to be found again.
        spread: does the work, part by part.

    Returns:
        What was found.

    Raises:
        UnknownRecord: if there is no such run.
    """
    if run is None:
        altered = frozenset().union(*spread.each(altered_within, parts.of_digests(connection), "reading evidence"))
        work = [Part(*ends, altered) for ends in parts.of_runs(connection)]
        chains = [report for some in spread.each(chains_within, work, "reading chains") for report in some]
    else:
        altered, chains = frozenset(), chains_within(connection, Part(run, run, None))
    if run is not None and not chains:
        raise UnknownRecord(f"there is no run {run}")
    if run is None:
        chains += [ChainReport(stray, 0, None, Break(1, "index_differs")) for stray in _strays(connection)]
        chains.append(own_chain(connection))
    return Verification(
        chains=tuple(chains),
        evidence_altered=tuple(sorted(altered)),
        heads=tuple(located(connection, heads, chains, run)),
    )


@dataclass(frozen=True)
class Part:
    """Runs to check.

    Attributes:
        first: the first of them.
        last: the last of them.
        altered: evidence of the store that was found altered; None if nobody has looked.
    """

    first: str
    last: str
    altered: frozenset[str] | None


def altered_within(connection: Connection, ends: tuple[str, str | None]) -> frozenset[str]:
    """Which evidence is altered, of digests from the first on and before the second, if there is one.

    Args:
        connection: a transaction.
        ends: both.
    """
    first, end = ends
    before = [] if end is None else [_EVIDENCE.c.sha256 < end]
    return frozenset(_altered(connection, _EVIDENCE.c.sha256 >= first, *before))


def _grouped(connection: Connection, part: Part) -> Iterator[tuple[Row[Any], list[Row[Any]]]]:
    wanted = select(_ENTRIES).join(_RUNS, _RUNS.c.id == _ENTRIES.c.run).order_by(_RUNS.c.id, _ENTRIES.c.seq)
    packet = [column.label(f"packet_{column.name}") for column in _PACKETS.c]
    lease = [column.label(f"lease_{column.name}") for column in _LEASES.c]
    handled = [handled_as(kind).label(kind) for kind in _HANDLED]
    escalation = _ESCALATIONS.c.state.label("escalation_state")
    runs = select(_RUNS, *packet, *lease, escalation, *handled).outerjoin(_PACKETS, _PACKETS.c.run == _RUNS.c.id)
    runs = runs.outerjoin(_ESCALATIONS, _ESCALATIONS.c.packet == _PACKETS.c.id)
    runs = runs.outerjoin(_LEASES, _LEASES.c.run == _RUNS.c.id).order_by(_RUNS.c.id)
    within = _RUNS.c.id.between(part.first, part.last)
    wanted, runs = wanted.where(within), runs.where(within)
    rows = groupby(connection.execute(wanted.execution_options(yield_per=_AT_ONCE)), key=lambda row: row.run)
    key, entries = next(rows, (None, iter(())))
    for row in connection.execute(runs.execution_options(yield_per=_AT_ONCE)):
        if key != row.id:
            yield row, []
            continue
        yield row, list(entries)
        key, entries = next(rows, (None, iter(())))


def chains_within(connection: Connection, part: Part) -> list[ChainReport]:
    """What is found of each run of a part; what evidence they lack is asked for many at a time.

    Args:
        connection: a transaction.
        part: the runs.
    """
    grouped, found = _grouped(connection, part), list[ChainReport]()
    while some := [_run(connection, *item) for item in islice(grouped, _RUNS_AT_ONCE)]:
        named = set[str]().union(*(names for _, names in some))
        missing = set(evidence.missing(connection, named))
        wrong = part.altered
        if wrong is None:
            wrong = frozenset(_altered(connection, _EVIDENCE.c.sha256.in_(named)))
        for report, names in some:
            lost, others = tuple(sorted(names & missing)), tuple(sorted(names & wrong))
            found.append(replace(report, evidence_missing=lost, evidence_altered=others))
    return found


def _run(connection: Connection, row: Row[Any], entries: list[Row[Any]]) -> tuple[ChainReport, set[str]]:
    """What is found of a run's chain, and the evidence that it names."""
    chain, found = follow(row, entries)
    if found:
        chain.compare(seq=1, equal=_follows(connection, row, found[0]))
        chain.compare(seq=row.seq, equal=_packet_agrees(row, found[-1]) and _lease_agrees(row, found))
    named = {row.record_sha256} - {None}
    named |= set().union(*(named_evidence(fields) for fields in found))
    return ChainReport(row.id, chain.length, chain.head, chain.broken), named


def _follows(connection: Connection, row: Row[Any], opened: dict[str, Any]) -> bool:
    """Whether the run that was the target's previous one when this run was opened is still an earlier one."""
    previous = mapping(mapping(opened.get("body")).get("ledger")).get("previous_run")
    if previous is None:
        return True
    earlier = select(_RUNS.c.id).where(
        _RUNS.c.id == previous, _RUNS.c.target_key == row.target_key, _RUNS.c.ordinal < row.ordinal
    )
    return connection.execute(earlier).one_or_none() is not None


def _packet_agrees(row: Row[Any], newest: dict[str, Any]) -> bool:
    packet = (row.packet_id, row.packet_sha256, row.packet_target_key, row.packet_at_ms, row.escalation_state)
    state = state_of(acknowledged=row.acknowledged, resolved=row.resolved)
    wanted = (packet_id(row.head), row.record_sha256, row.target_key, newest.get("at_ms"), state)
    return packet == (wanted if row.state == "escalated" else (None,) * 5)


def _lease_agrees(row: Row[Any], found: list[dict[str, Any]]) -> bool:
    """Whether whoever appended last could not append again under an older lease, and an ended run is free."""
    numbers = [fields.get("lease") for fields in found]
    fenced = isinstance(row.lease_number, int) and all(
        isinstance(number, int) and number <= row.lease_number for number in numbers
    )
    return fenced and (row.state == "active" or row.lease_holder is None)


def _strays(connection: Connection) -> list[str]:
    """Runs of which there are entries, but no row in the index."""
    runs = select(_ENTRIES.c.run).distinct().where(_ENTRIES.c.run.not_in(select(_RUNS.c.id)))
    return list(connection.execute(runs.order_by(_ENTRIES.c.run)).scalars())


def _altered(connection: Connection, *which: ColumnElement[bool]) -> Iterator[str]:
    wanted = select(_EVIDENCE.c.sha256, _EVIDENCE.c.data).where(*which)
    for row in connection.execute(wanted.execution_options(yield_per=_AT_ONCE)):
        if not intact(row.data, row.sha256):
            yield row.sha256
