"""The triggers of a database: read, taken away, made anew."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, MetaData

from runbook_gate.ledger import tables, triggers
from runbook_gate.ledger.server import is_server

_SQLITE = "SELECT name, tbl_name AS of_table, sql FROM sqlite_master WHERE type = 'trigger'"
_SERVER = """
SELECT tgname AS name, relname AS of_table, NULL AS sql FROM pg_trigger
JOIN pg_class ON pg_class.oid = tgrelid JOIN pg_proc ON pg_proc.oid = tgfoid
WHERE relnamespace = current_schema()::regnamespace AND proname = 'refuse_change' AND tgenabled IN ('O', 'A')
"""


def remove(connection: Connection) -> None:
    """Take every trigger of the store away, for as long as its tables are changed.

    On a server, others' triggers are left alone.

    Args:
        connection: a writing transaction.
    """
    server = is_server(connection)
    for name, (table, _) in _there(connection).items():
        connection.exec_driver_sql(f'DROP TRIGGER "{name}"' + (f' ON "{table}"' if server else ""))
    if server:
        connection.exec_driver_sql("DROP FUNCTION IF EXISTS refuse_change()")


def make(connection: Connection) -> None:
    """Make every trigger of this program.

    Args:
        connection: a writing transaction, without any.
    """
    if is_server(connection):
        connection.exec_driver_sql(triggers.POSTGRESQL_FUNCTION)
    for statement in triggers.triggers(connection.dialect.name).values():
        connection.exec_driver_sql(statement)


def differences(connection: Connection, metadata: MetaData) -> Iterator[str]:
    """Compare the triggers with those of this program.

    Args:
        connection: a transaction.
        metadata: the tables; nothing is compared for others than the program's.

    Yields:
        What is missing, left over or, in SQLite, another one.
    """
    if metadata is not tables.metadata:
        return
    has, wanted = _there(connection), triggers.triggers(connection.dialect.name)
    yield from (f"trigger {name} is missing" for name in sorted(wanted.keys() - has.keys()))
    yield from (f"trigger {name} is left over" for name in sorted(has.keys() - wanted.keys()))
    same = wanted.keys() & has.keys()
    yield from (f"trigger {name} is another one" for name in sorted(same) if has[name][1] not in (None, wanted[name]))


def _there(connection: Connection) -> dict[str, tuple[str, str | None]]:
    """The table and the text of each trigger; a server does not keep the text."""
    rows = connection.exec_driver_sql(_SERVER if is_server(connection) else _SQLITE)
    return {row.name: (row.of_table, row.sql) for row in rows}
