"""Evidence: bytes kept under their SHA-256."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, insert, select
from sqlalchemy.dialects import postgresql

from runbook_gate.canonical import sha256_hex
from runbook_gate.errors import LedgerBroken, UnknownRecord
from runbook_gate.ledger import tables
from runbook_gate.ledger.chain import intact
from runbook_gate.ledger.database import Database
from runbook_gate.ledger.server import is_server

_EVIDENCE = tables.evidence
_THERE = select(_EVIDENCE.c.data).where(_EVIDENCE.c.sha256 == bindparam("digest"))
_INSERT = insert(_EVIDENCE)
# On a server another transaction may have kept the same bytes meanwhile.
_INSERT_AMONG_OTHERS = postgresql.insert(_EVIDENCE).on_conflict_do_nothing()


def put(connection: Connection, data: bytes) -> str:
    """Keep some bytes, unless they are kept already.

    Args:
        connection: a writing transaction.
        data: the bytes.

    Returns:
        Their digest.

    Raises:
        LedgerBroken: if other bytes are stored under it.
    """
    sha256 = sha256_hex(data)
    kept = connection.execute(_THERE, {"digest": sha256}).scalar_one_or_none()
    if kept is None:
        statement = _INSERT_AMONG_OTHERS if is_server(connection) else _INSERT
        inserted = connection.execute(statement, {"sha256": sha256, "data": data}).rowcount
        kept = data if inserted else connection.execute(_THERE, {"digest": sha256}).scalar_one()
    if kept != data:
        raise LedgerBroken(f"evidence {sha256} was altered")
    return sha256


def get(connection: Connection, sha256: str) -> bytes:
    """Read some bytes and check them.

    Args:
        connection: a transaction.
        sha256: their digest.

    Returns:
        The bytes.

    Raises:
        UnknownRecord: if they are not kept.
        LedgerBroken: if they do not have the digest.
    """
    data: bytes | None = connection.execute(_THERE, {"digest": sha256}).scalar_one_or_none()
    if data is None:
        raise UnknownRecord(f"there is no evidence {sha256}")
    if not intact(data, sha256):
        raise LedgerBroken(f"evidence {sha256} was altered")
    return data


def missing(connection: Connection, digests: set[str]) -> list[str]:
    """Find out what is not kept.

    Args:
        connection: a transaction.
        digests: what should be.

    Returns:
        The digests that are not kept, sorted.
    """
    there = connection.execute(select(_EVIDENCE.c.sha256).where(_EVIDENCE.c.sha256.in_(digests))).scalars()
    return sorted(digests - set(there))


class Evidence:
    """The evidence of a store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, data: bytes) -> str:
        """Keep some bytes; keeping them twice changes nothing.

        Args:
            data: the bytes.

        Returns:
            Their SHA-256.
        """
        with self._database.write() as connection:
            return put(connection, data)

    def get(self, sha256: str) -> bytes:
        """Read some bytes.

        Args:
            sha256: their digest.

        Returns:
            The bytes, checked.

        Raises:
            UnknownRecord: if they are not kept.
            LedgerBroken: if they were altered.
        """
        with self._database.read() as connection:
            return get(connection, sha256)

    def has(self, sha256: str) -> bool:
        """Find out whether some bytes are kept.

        Args:
            sha256: their digest.

        Returns:
            Whether they are; they are not checked.
        """
        with self._database.read() as connection:
            return not missing(connection, {sha256})
