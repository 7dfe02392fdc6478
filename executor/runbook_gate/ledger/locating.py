"""Where heads that were kept elsewhere are in the store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlalchemy import Connection, select

from runbook_gate.ledger import tables
from runbook_gate.ledger.heads import KeptHead
from runbook_gate.ledger.reports import ChainReport, HeadReport

_ENTRIES = tables.entries
_JOURNAL = tables.journal


def located(
    connection: Connection, heads: Iterable[KeptHead], chains: Iterable[ChainReport], run: str | None
) -> Iterator[HeadReport]:
    """Look heads up among the entries that agree.

    Args:
        connection: a transaction.
        heads: what was noted elsewhere.
        chains: what was found of the chains that were walked.
        run: the one run that is looked at; heads of others are passed over. None for all.

    Yields:
        Where each is.
    """
    walked = {chain.chain: chain for chain in chains}
    for head in heads:
        if run is None or head.run in (None, run):
            yield _located(connection, head, walked)


def _located(connection: Connection, head: KeptHead, chains: dict[str, ChainReport]) -> HeadReport:
    for name, seq in _places(connection, head.sha256):
        chain = chains.get(name)
        if chain is not None and seq <= chain.entries and (head.run, head.seq) in ((None, None), (name, seq)):
            return HeadReport(head.sha256, name, seq, chain.entries - seq, head)
    return HeadReport(head.sha256, None, None, 0, head)


def _places(connection: Connection, digits: str) -> Iterator[tuple[str, int]]:
    end = digits + "g"  # follows every digest that begins with the digits
    own = select(_JOURNAL.c.seq).where(_JOURNAL.c.sha256 >= digits, _JOURNAL.c.sha256 < end)
    entries = select(_ENTRIES.c.run, _ENTRIES.c.seq).where(_ENTRIES.c.sha256 >= digits, _ENTRIES.c.sha256 < end)
    yield from ((row.run, row.seq) for row in connection.execute(entries))
    yield from (("store", row.seq) for row in connection.execute(own))
