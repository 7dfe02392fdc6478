"""Which version of the tables a database holds, and which one this program needs."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, inspect, select

from runbook_gate.errors import LedgerFault, LedgerOfAnotherVersion
from runbook_gate.ledger import tables

UPGRADE: Final = "Run `runbook-gate db upgrade` as the owner of the store; with --plan it says what it would do."
NEWER: Final = "Use the release of runbook-gate that upgraded the store, or a newer one. Nothing was done."


def stored_version(connection: Connection, where: object) -> int | None:
    """Read the version.

    Args:
        connection: a transaction.
        where: the store, for messages.

    Returns:
        The version; None if the database is empty.

    Raises:
        LedgerFault: if it holds something else, or half a store.
    """
    there = inspect(connection).get_table_names()
    if not there:
        return None
    if tables.store.name not in there:
        raise LedgerFault(
            f"{where}: this is not a store of runbook-gate", advice="Name the right file or database as `store`."
        )
    version: int | None = connection.execute(select(tables.store.c.version)).scalar_one_or_none()
    if version is None:
        raise LedgerFault(f"{where}: the store has no version: it was never finished", advice="Restore a backup of it.")
    return version


def require_current(version: int | None, where: object) -> None:
    """Refuse a version that is not this program's.

    Args:
        version: the version; None if the database is empty.
        where: the store, for the message.

    Raises:
        LedgerOfAnotherVersion: if it is another one; it says which one is older, and how to mend that.
        LedgerFault: if the database is empty.
    """
    if version is None:
        raise LedgerFault(f"{where}: the database is empty, there are no tables of a store", advice=UPGRADE)
    if version != tables.VERSION:
        raise LedgerOfAnotherVersion(
            f"{where}: the store has version {version} of the tables, this program needs {tables.VERSION}",
            advice=UPGRADE if version < tables.VERSION else NEWER,
        )


def require_still_current(connection: Connection, where: object) -> None:
    """See in a transaction that writes that nobody has upgraded the store since it was opened.

    Args:
        connection: a writing transaction; until its end an upgrade waits.
        where: the store, for the message.

    Raises:
        LedgerOfAnotherVersion: if somebody has.
    """
    require_current(connection.execute(select(tables.store.c.version)).scalar_one_or_none(), where)
