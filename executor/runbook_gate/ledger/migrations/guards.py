"""The triggers of a database: read, taken away, made anew."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, MetaData

from runbook_gate.ledger import tables, triggers


def remove(connection: Connection) -> None:
    """Take every trigger of the store away, for as long as its tables are changed.

    Args:
        connection: a writing transaction.
    """
    for name in _there(connection):
        connection.exec_driver_sql(f'DROP TRIGGER "{name}"')


def make(connection: Connection) -> None:
    """Make every trigger of this program.

    Args:
        connection: a writing transaction, without any.
    """
    for statement in triggers.sqlite_triggers().values():
        connection.exec_driver_sql(statement)


def differences(connection: Connection, metadata: MetaData) -> Iterator[str]:
    """Compare the triggers with those of this program.

    Args:
        connection: a transaction.
        metadata: the tables; nothing is compared for others than the program's.

    Yields:
        What is missing, left over or another one.
    """
    if metadata is not tables.metadata:
        return
    has, wanted = _there(connection), triggers.sqlite_triggers()
    yield from (f"trigger {name} is missing" for name in sorted(wanted.keys() - has.keys()))
    yield from (f"trigger {name} is left over" for name in sorted(has.keys() - wanted.keys()))
    same = wanted.keys() & has.keys()
    yield from (f"trigger {name} is another one" for name in sorted(same) if wanted[name] != has[name])


def _there(connection: Connection) -> dict[str, str]:
    rows = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
    return {row.name: row.sql for row in rows}
