"""What the tests do with a database."""

from __future__ import annotations

from tests.fakes.clock import ManualClock
from tests.ledger.migrations.stores import FIRST, Database
from tests.ledger.samples import EXECUTOR

from runbook_gate.ledger import Store
from runbook_gate.ledger.database import Place
from runbook_gate.ledger.migrations import RELEASED, Examined, Revision, Revisions, alone, examine, looking, upgrade


def opened(place: Place, busy_ms: int = 5000) -> Store:
    return Store.open(place, clock=ManualClock(), executor=EXECUTOR, allow_unfit=True, busy_ms=busy_ms)


def upgraded(database: Database, revisions: Revisions = RELEASED, upto: int | None = None) -> list[str]:
    told: list[str] = []

    def add(revision: Revision) -> None:
        told.append(revision.id)

    with alone(database.place, busy_ms=50) as connection:
        upgrade(connection, database.place, ManualClock(), revisions=revisions, upto=upto, told=add)
    return told


def examined(database: Database, revisions: Revisions = RELEASED) -> Examined:
    with looking(database.place) as connection:
        return examine(connection, database.place, revisions)


def everything(database: Database) -> tuple[list[str], dict[str, list[tuple[object, ...]]]]:
    return database.schema(), {table: database.contents(table) for table in FIRST}
