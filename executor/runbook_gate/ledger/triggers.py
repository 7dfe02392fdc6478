"""Triggers that keep the record from changing. They guard against accidents, not against the database's owner.

- UPDATE and DELETE on the record are refused.
- In SQLite so is an INSERT for a key that exists: `INSERT OR REPLACE` deletes the old row without firing a DELETE
  trigger. In PostgreSQL so is TRUNCATE.
- In the index, what a row is about never changes, a run that ended stays ended, an escalation that was resolved stays
  resolved, a notification that was delivered stays delivered, and fencing numbers and counts of attempts only grow.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, Table, event

from runbook_gate.ledger.tables import (
    entries,
    escalations,
    evidence,
    journal,
    leases,
    metadata,
    notifications,
    packets,
    runs,
    store,
    tasks,
)

REFUSAL: Final = "append-only"

_KEYS: Final[dict[Table, tuple[tuple[str, ...], ...]]] = {
    store: (("version",),),
    journal: (("seq",), ("sha256",)),
    entries: (("run", "seq"), ("sha256",)),
    evidence: (("sha256",),),
    packets: (("id",), ("run",)),
    tasks: (("id",), ("journal_seq",)),
    runs: (("id",), ("task",)),
    leases: (("run",),),
    escalations: (("packet",),),
    notifications: (("id",), ("entry_sha256",)),
}
_FIXED: Final[dict[Table, str]] = {
    store: "OF version, id, created_ms",
    tasks: "OF id, journal_seq, document_sha256, runbook, submitted_ms",
    runs: "OF id, task, runbook, target_key, ordinal, opened_ms, deadline_ms",
    leases: "OF run",
    escalations: "OF packet",
    notifications: "OF id, kind, run, entry_sha256, at_ms",
}
_CONDITIONS: Final[dict[Table, str]] = {
    store: "NEW.seq < OLD.seq",
    tasks: "OLD.state = 'finished' OR (OLD.state = 'active' AND NEW.state = 'queued')",
    runs: "OLD.state <> 'active' OR NEW.seq < OLD.seq",
    leases: "NEW.number < OLD.number",
    escalations: "OLD.state = 'resolved' OR NEW.state = 'open'",
    notifications: "OLD.delivered_ms IS NOT NULL OR NEW.attempts < OLD.attempts",
}


def triggers(dialect: str) -> dict[str, str]:
    """Every trigger of a store.

    Args:
        dialect: sqlite or postgresql.

    Returns:
        The CREATE TRIGGER statements by name.
    """
    return postgresql_triggers() if dialect == "postgresql" else sqlite_triggers()


def sqlite_triggers() -> dict[str, str]:
    """Every trigger of an SQLite store.

    Returns:
        The CREATE TRIGGER statements by name.
    """
    made = [(table, "one_way", "UPDATE", when) for table, when in _CONDITIONS.items()]
    for table, keys in _KEYS.items():
        same = [" AND ".join(f"{column} = NEW.{column}" for column in key) for key in (*keys, ("rowid",))]
        exists = f"EXISTS (SELECT 1 FROM {table.name} WHERE {' OR '.join(same)})"  # noqa: S608 - names of ours
        made.append((table, "no_replace", "INSERT", exists))
        made.append((table, "no_update", f"UPDATE {_FIXED.get(table, '')}", "true"))
        made.append((table, "no_delete", "DELETE", "true"))
    return {
        f"{table.name}_{name}": _statement(f"{table.name}_{name}", table, moment, when)
        for table, name, moment, when in made
    }


def _statement(name: str, table: Table, moment: str, when: str) -> str:
    return (
        f"CREATE TRIGGER {name} BEFORE {moment} ON {table.name} FOR EACH ROW WHEN {when} "
        f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
    )


_DO: Final = "EXECUTE FUNCTION refuse_change()"
POSTGRESQL_FUNCTION: Final = f"""
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'restrict_violation', TABLE = TG_TABLE_NAME;
END
$$
"""


def postgresql_triggers() -> dict[str, str]:
    """Every trigger of a store on a PostgreSQL server. Each calls the function of `POSTGRESQL_FUNCTION`.

    Returns:
        The CREATE TRIGGER statements by name.
    """
    made = [(table, "one_way", "UPDATE", f"FOR EACH ROW WHEN ({when})") for table, when in _CONDITIONS.items()]
    for table in _KEYS:
        made.append((table, "no_update", f"UPDATE {_FIXED.get(table, '')}", "FOR EACH STATEMENT"))
        made.append((table, "no_delete", "DELETE", "FOR EACH STATEMENT"))
        made.append((table, "no_truncate", "TRUNCATE", "FOR EACH STATEMENT"))
    return {
        f"{table.name}_{name}": f"CREATE TRIGGER {table.name}_{name} BEFORE {moment} ON {table.name} {each} {_DO}"
        for table, name, moment, each in made
    }


@event.listens_for(metadata, "after_create")
def _create(_metadata: object, connection: Connection, **_options: object) -> None:
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(POSTGRESQL_FUNCTION)
    for statement in triggers(connection.dialect.name).values():
        connection.exec_driver_sql(statement)
