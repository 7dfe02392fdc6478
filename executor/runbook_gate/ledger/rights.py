"""What the role of a connection may do to a store on a server: what it needs, and what it should not have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sqlalchemy import Connection, text

from runbook_gate.ledger import tables

_RECORD: Final = (tables.journal, tables.entries, tables.evidence, tables.packets)
_NEVER: Final = ("DELETE", "TRUNCATE", "TRIGGER", "REFERENCES", "UPDATE")  # of a table as a whole
_ATTRIBUTES: Final = text(
    "SELECT rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls"
    " FROM pg_roles WHERE rolname = current_user"
)
_OWNED: Final = text(
    "SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'"
    " AND pg_has_role(current_user, relowner, 'MEMBER') ORDER BY relname"
)
_PLACES: Final = {
    "make tables": text("SELECT has_schema_privilege(current_schema(), 'CREATE')"),
    "make temporary tables": text("SELECT has_database_privilege(current_database(), 'TEMPORARY')"),
    "make schemas": text("SELECT has_database_privilege(current_database(), 'CREATE')"),
}
_TABLE: Final = text("SELECT has_table_privilege(:of_table, :right)")
_COLUMN: Final = text("SELECT has_any_column_privilege(:of_table, 'UPDATE')")


def excess(connection: Connection) -> list[str]:
    """What the role may do and should not.

    Args:
        connection: a transaction on a server.

    Returns:
        A few words each; empty if it is as deploy/postgresql/roles.sql makes it.
    """
    return list(_excess(connection))


def lacking(connection: Connection) -> list[str]:
    """What the role of an executor needs and may not do.

    Args:
        connection: a transaction on a server.

    Returns:
        A few words each.
    """
    wanted = [(table.name, right) for table in tables.metadata.sorted_tables for right in ("SELECT", "INSERT")]
    wanted.remove((tables.store.name, "INSERT"))
    return [f"{right} on {name}" for name, right in wanted if not _may(connection, name, right)]


def _excess(connection: Connection) -> Iterator[str]:
    attributes = connection.execute(_ATTRIBUTES).mappings().one()
    yield from (f"is {name.removeprefix('rol')}" for name, has in attributes.items() if has)
    yield from (f"owns {name}" for name in connection.execute(_OWNED).scalars())
    yield from (f"may {act}" for act, asked in _PLACES.items() if connection.execute(asked).scalar_one())
    for table in tables.metadata.sorted_tables:
        yield from (f"{right} on {table.name}" for right in _NEVER if _may(connection, table.name, right))
    for table in _RECORD:
        if connection.execute(_COLUMN, {"of_table": table.name}).scalar_one():
            yield f"UPDATE of columns of {table.name}"


def _may(connection: Connection, name: str, right: str) -> bool:
    return bool(connection.execute(_TABLE, {"of_table": name, "right": right}).scalar_one())
