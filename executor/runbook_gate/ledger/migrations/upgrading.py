"""Changing the tables of a store, all or nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Connection, text

from runbook_gate.clock import Clock
from runbook_gate.errors import LedgerBroken
from runbook_gate.ledger.identifiers import run_id
from runbook_gate.ledger.migrations import guards
from runbook_gate.ledger.migrations.differences import differences, differences_of_tables
from runbook_gate.ledger.migrations.revisions import RELEASED, Revision, Revisions
from runbook_gate.ledger.versions import stored_version

_BORN = text("INSERT INTO store (version, id, created_ms, seq) VALUES (:version, :id, :created_ms, 0)")
_RAISED = text("UPDATE store SET version = :version")


@dataclass(frozen=True)
class Examined:
    """What a database holds, beside what this program needs.

    Attributes:
        version: the version of its tables; None if it is empty.
        newest: the version that this program needs.
        lacking: the revisions between them, the oldest first.
        differences: how its tables differ from those of this program; looked for if the version is the same.
    """

    version: int | None
    newest: int
    lacking: Sequence[Revision]
    differences: Sequence[str]

    @property
    def current(self) -> bool:
        """Whether this program can use it."""
        return self.version == self.newest and not self.differences


def examine(connection: Connection, where: object, revisions: Revisions = RELEASED) -> Examined:
    """Look what a database holds.

    Args:
        connection: a transaction.
        where: the store, for messages.
        revisions: those there are.

    Raises:
        LedgerFault: if it holds something else than a store.
    """
    version, newest = stored_version(connection, where), revisions.all()[-1].version
    found = differences(connection, revisions.metadata) if version == newest else []
    return Examined(version, newest, revisions.after(version), found)


def upgrade(
    connection: Connection,
    where: object,
    clock: Clock,
    *,
    revisions: Revisions = RELEASED,
    upto: int | None = None,
    told: Callable[[Revision], None] = lambda revision: None,  # noqa: ARG005
) -> None:
    """Make the tables those of this program. The caller's transaction has the store for itself.

    Args:
        connection: a writing transaction, undone by its owner if this raises.
        where: the store, for messages.
        clock: stamps a store that is made.
        revisions: those there are.
        upto: the version to stop at; None for the newest.
        told: hears of each revision before it is done.

    Raises:
        LedgerBroken: the tables are not those that the revisions should have led to.
    """
    version = stored_version(connection, where)
    for revision in revisions.after(version):
        if upto is not None and revision.version > upto:
            return
        told(revision)
        guards.remove(connection)
        with Operations.context(MigrationContext.configure(connection)):
            revision.upgrade()
        _note(connection, revision, version, clock)
        version = revision.version
    if version == revisions.all()[-1].version:
        _require_same(connection, where, revisions)
        guards.remove(connection)
        guards.make(connection)


def _note(connection: Connection, revision: Revision, version: int | None, clock: Clock) -> None:
    if version is None:
        now = clock.read().at_ms
        connection.execute(_BORN, {"version": revision.version, "id": run_id(now), "created_ms": now})
    else:
        guards.remove(connection)
        connection.execute(_RAISED, {"version": revision.version})


def _require_same(connection: Connection, where: object, revisions: Revisions) -> None:
    if found := differences_of_tables(connection, revisions.metadata):
        raise LedgerBroken(
            f"{where}: the upgrade did not lead to the tables of this program ({found[0]}); it was undone",
            advice="Somebody changed the tables by other means. Keep the store as it is, and compare it with a backup.",
        )
