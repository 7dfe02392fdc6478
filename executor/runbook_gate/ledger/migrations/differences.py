"""How the tables and triggers of a database differ from those that they should be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import CheckConstraint, Connection, MetaData, inspect

from runbook_gate.ledger import tables
from runbook_gate.ledger.migrations import guards


def differences(connection: Connection, metadata: MetaData = tables.metadata) -> list[str]:
    """Compare a database with the tables of this program.

    Args:
        connection: a transaction.
        metadata: the tables.

    Returns:
        What is missing, left over or another one, a line each; empty if they are the same.
    """
    return [*differences_of_tables(connection, metadata), *guards.differences(connection, metadata)]


def differences_of_tables(connection: Connection, metadata: MetaData) -> list[str]:
    """As `differences`, without the triggers."""
    context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
    found = [_told(change) for change in compare_metadata(context, metadata)]
    return [*found, *_rules(connection, metadata)]


def _told(change: Any) -> str:
    """Alembic's words for what would have to be done: an operation and its object, or a list of them for a column."""
    if isinstance(change, list):
        return "; ".join(map(_told, change))
    words = [item if isinstance(item, str) else getattr(item, "name", None) for item in change[:4]]
    return " ".join(word for word in words if word)


def _rules(connection: Connection, metadata: MetaData) -> Iterator[str]:
    """Alembic does not compare CHECK constraints; these are compared by their names."""
    there = inspect(connection)
    for table in metadata.sorted_tables:
        if not there.has_table(table.name):
            continue
        has = {rule["name"] for rule in there.get_check_constraints(table.name)}
        wanted = {str(rule.name) for rule in table.constraints if isinstance(rule, CheckConstraint) and rule.name}
        yield from (f"constraint {name} of {table.name} is missing" for name in sorted(wanted - has))
        yield from (f"constraint {name} of {table.name} is left over" for name in sorted(map(str, has - wanted)))
