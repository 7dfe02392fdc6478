"""A store that fails from a moment on, as SQLite or PostgreSQL would report it, until it is mended."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import psycopg
from sqlalchemy import Connection, event

from runbook_gate.ledger import Store

Moment = Literal["begin", "insert", "commit"]


@dataclass
class Failing:
    """Counts the moments of one kind and fails from one of them on.

    Attributes:
        moment: begin, insert (each statement that writes) or commit, of a transaction that may write.
        first: the number of the first that fails, from 1; 0 for none.
        code: as SQLite names it, or a SQLSTATE.
        noticed: called at the first failure.
        seen: how many there were.
    """

    moment: Moment
    first: int
    code: str = "SQLITE_FULL"
    noticed: Callable[[], None] = field(default=lambda: None)
    seen: int = 0

    def pass_by(self) -> None:
        """One more of them."""
        self.seen += 1
        if self.first and self.seen >= self.first:
            if self.seen == self.first:
                self.noticed()
            raise _error(self.code)


def _error(code: str) -> Exception:
    if not code.startswith("SQLITE"):
        return psycopg.errors.lookup(code)("injected")
    error = sqlite3.OperationalError("injected")
    error.sqlite_errorcode, error.sqlite_errorname = getattr(sqlite3, code), code
    return error


@contextmanager
def failing(store: Store, failure: Failing) -> Iterator[None]:
    """Let a store fail for the time of a block."""
    engine = store._database._reader

    def writes(connection: Connection) -> bool:
        return bool(connection.get_execution_options().get("runbook_gate_writes"))

    def begun_or_committed(connection: Connection) -> None:
        if writes(connection):
            failure.pass_by()

    def executed(connection: Connection, _cursor: object, statement: str, *_others: Any) -> None:
        if writes(connection) and statement.startswith(("INSERT", "UPDATE")):
            failure.pass_by()

    name = "before_cursor_execute" if failure.moment == "insert" else failure.moment
    listener = executed if failure.moment == "insert" else begun_or_committed
    event.listen(engine, name, listener)
    try:
        yield
    finally:
        event.remove(engine, name, listener)
