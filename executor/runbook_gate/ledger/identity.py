"""Which database a transaction is in.

A standby that is promoted begins a new timeline, and what its primary had not sent it is lost. So each transaction that
says where the ledger is, or records something in it, asks: no connection is trusted to be where it was.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, text

from runbook_gate.errors import LedgerUnwritable
from runbook_gate.models.database import DatabaseIdentity

# The name of the segment that is written now begins with its timeline, in eight hexadecimal digits.
# pg_control_checkpoint() has the timeline of the last checkpoint, which after a promotion is the old one for a while.
_IDENTITY: Final = text(
    """SELECT (pg_control_system()).system_identifier AS system_identifier, CASE WHEN pg_is_in_recovery() THEN NULL
    ELSE substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8) END AS timeline"""
)


def identity(connection: Connection) -> DatabaseIdentity | None:
    """Find out which database this is.

    Args:
        connection: a transaction.

    Returns:
        The PostgreSQL cluster and its timeline; None for a store in a file, which cannot fail over.

    Raises:
        LedgerUnwritable: if it is a standby.
    """
    if connection.dialect.name != "postgresql":
        return None
    row = connection.execute(_IDENTITY).one()
    if row.timeline is None:
        raise LedgerUnwritable(
            "the server is a standby in recovery",
            advice="Name the primary in `store`, or promote this server; nothing was done without a record.",
        )
    return DatabaseIdentity(system_identifier=str(row.system_identifier), timeline_id=int(row.timeline, 16))
