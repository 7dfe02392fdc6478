"""Many runs, a few at a time: however large the store, little of it is in memory."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

from sqlalchemy import Connection, func, select

from runbook_gate.ledger import journal, tables
from runbook_gate.ledger.chain import Break
from runbook_gate.ledger.database import Database
from runbook_gate.ledger.journal import JournalEntry
from runbook_gate.ledger.walking import follow

_RUNS = tables.runs
_ENTRIES = tables.entries
_EVIDENCE = tables.evidence
_RUNS_AT_ONCE: Final = 25
_DIGESTS_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class WalkedRun:
    """One run, its chain checked.

    Attributes:
        id: the run.
        runbook: as the index says.
        target_key: as the index says.
        broken: the first break of its chain.
        entries: fields of the entries before it, each with `sha256`.
        decisions: positions of all its decisions, by the rows, those after a break too.
        record_sha256: digest of its packet or completion record, as the index says; None before its end.
    """

    id: str
    runbook: str
    target_key: str
    broken: Break | None
    entries: list[dict[str, Any]]
    decisions: list[int]
    record_sha256: str | None = None


class Reading:
    """Reads a store for those who want much of it.

    Args:
        database: the store's.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def count(self, run: str | None = None) -> int:
        """How many decisions are recorded, of one run or of all."""
        wanted = select(func.count()).select_from(_ENTRIES).where(_ENTRIES.c.kind == "decision")
        with self._database.read() as connection:
            return connection.execute(wanted if run is None else wanted.where(_ENTRIES.c.run == run)).scalar_one()

    def identity(self) -> str:
        """Id of the store."""
        with self._database.read() as connection:
            return str(connection.execute(select(tables.store.c.id)).scalar_one())

    def count_runs(self) -> int:
        """How many runs there are."""
        with self._database.read() as connection:
            return connection.execute(select(func.count()).select_from(_RUNS)).scalar_one()

    def runs(self, run: str | None = None) -> Iterator[WalkedRun]:
        """Walk one run, or all in order of their ids, which is that of their opening."""
        after = ""
        while True:
            with self._database.read() as connection:
                walked = list(_walked(connection, run, after))
            yield from walked
            if run is not None or len(walked) < _RUNS_AT_ONCE:
                return
            after = walked[-1].id

    def newest_ended(self, limit: int) -> list[str]:
        """Ids of runs that have ended, among the newest of all, newest first.

        Args:
            limit: how many runs are looked at.
        """
        newest = select(_RUNS.c.id, _RUNS.c.state).order_by(_RUNS.c.id.desc()).limit(limit)
        with self._database.read() as connection:
            return [row.id for row in connection.execute(newest) if row.state != "active"]

    def raw(self, run: str, length: int) -> Iterator[tuple[int, bytes]]:
        """The hashed bytes of a run's first entries, by position, unchecked."""
        wanted = select(_ENTRIES.c.seq, _ENTRIES.c.data).where(_ENTRIES.c.run == run, _ENTRIES.c.seq <= length)
        with self._database.read() as connection:
            for row in connection.execute(wanted.order_by(_ENTRIES.c.seq)):
                yield row.seq, row.data if isinstance(row.data, bytes) else b""

    def journal(self, kinds: Collection[journal.Kind]) -> Iterator[JournalEntry]:
        """Entries of the store's own chain, of some kinds, in order.

        Raises:
            LedgerBroken: if one does not have its digest.
        """
        own = tables.journal
        with self._database.read() as connection:
            wanted = select(own.c.seq).where(own.c.kind.in_(kinds)).order_by(own.c.seq)
            for seq in connection.execute(wanted).scalars().all():
                yield journal.at(connection, seq)

    def evidence(self, digests: Collection[str]) -> dict[str, bytes]:
        """Evidence by digest, unchecked; what is not kept as bytes is left out."""
        wanted, found = sorted(digests), dict[str, bytes]()
        with self._database.read() as connection:
            for start in range(0, len(wanted), _DIGESTS_AT_ONCE):
                some = select(_EVIDENCE).where(_EVIDENCE.c.sha256.in_(wanted[start : start + _DIGESTS_AT_ONCE]))
                for row in connection.execute(some):
                    found[row.sha256] = row.data if isinstance(row.data, bytes) else b""
        return found


def _walked(connection: Connection, run: str | None, after: str) -> Iterator[WalkedRun]:
    runs = select(_RUNS).where(_RUNS.c.id > after).order_by(_RUNS.c.id).limit(_RUNS_AT_ONCE)
    found = connection.execute(runs if run is None else select(_RUNS).where(_RUNS.c.id == run)).all()
    wanted = select(_ENTRIES).where(_ENTRIES.c.run.in_([row.id for row in found]))
    rows = connection.execute(wanted.order_by(_ENTRIES.c.run, _ENTRIES.c.seq))
    entries = {key: list(some) for key, some in groupby(rows, key=lambda row: row.run)}
    for row in found:
        own = entries.get(row.id, [])
        chain, fields = follow(row, own)
        decisions = [entry.seq for entry in own if entry.kind == "decision"]
        yield WalkedRun(row.id, row.runbook, row.target_key, chain.broken, fields, decisions, row.record_sha256)
