"""A store whose every transaction is between two fault points."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, event
from tests.crash.points import Points

from runbook_gate.clock import Clock
from runbook_gate.configuration import Settings
from runbook_gate.ledger import Store
from runbook_gate.ledger.database import Database, Place
from runbook_gate.ledger.turns import Turns
from runbook_gate.models.entry import Executor
from runbook_gate.stores import program, store_place


class WatchedDatabase(Database):
    """A point before each commit, when all was written and nothing is durable, and one after it."""

    def __init__(
        self, engine: Engine, clock: Clock, executor: Executor, points: Points, place: Place | None = None
    ) -> None:
        super().__init__(engine, clock, executor, place)
        self._points = points

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """As the original."""
        with super().write() as connection:
            written = list[str]()
            event.listen(connection, "before_cursor_execute", _listener(written))
            yield connection
            what = " + ".join(dict.fromkeys(_telling(written))) or "nothing"
            named = self._points.count(f"commit {what}")
            self._points.reach(f"{named} / before")
        self._points.reach(f"{named} / after")
        if "intent" in what:
            self._points.intended()


def _listener(written: list[str]) -> Any:
    def listen(_connection: Any, _cursor: Any, _statement: Any, _parameters: Any, context: Any, _many: Any) -> None:
        if context is None or not (context.isinsert or context.isupdate or context.isdelete):
            return
        table = context.compiled.statement.table.name
        row = context.compiled_parameters[0]
        written.append(
            f"{row['kind']} {row['checkpoint']}".removesuffix(" None") if table == "entries" else f"({table})"
        )

    return listen


def _telling(written: list[str]) -> list[str]:
    """The entries of a transaction, which say enough; without one its tables."""
    return [one for one in written if not one.startswith("(")] or sorted(written)


def open_watched(settings: Settings, clock: Clock, points: Points) -> Store:
    """Open the configured ledger; opening it is watched too."""

    class Watched(Store):
        def __init__(
            self, engine: Engine, *, clock: Clock, executor: Executor, turns: Turns, place: Place | None = None
        ) -> None:
            super().__init__(engine, clock=clock, executor=executor, turns=turns, place=place)
            watched = WatchedDatabase(engine, clock, executor, points, place)
            for part in (self, *vars(self).values()):
                if hasattr(part, "_database"):
                    part._database = watched

    return Watched.open(store_place(settings), clock=clock, executor=program(settings))
