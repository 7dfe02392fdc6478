"""What the tables of a store say, read past the product."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

from runbook_gate.clock import Clock

_HOLDERS = """
    SELECT r.task, l.holder, CASE WHEN l.boot_id = ? THEN l.expires_boottime_ms - ? ELSE l.expires_ms - ? END
    FROM runs r JOIN leases l ON l.run = r.id
    WHERE r.state = 'active' AND (SELECT state FROM tasks WHERE id = ?) != 'finished' AND r.target_key = (
        SELECT json_extract(task, '$.cluster_id') || '/' || json_extract(task, '$.namespace')
        FROM (SELECT subject, kind, json_extract(CAST(data AS TEXT), '$.body.task') AS task FROM journal)
        WHERE kind = 'submitted' AND subject = ?)
"""


class Tables:
    """A store's database file."""

    def __init__(self, store: Path, clock: Clock) -> None:
        self._store, self._clock = store, clock

    def held(self, task_id: str) -> bool:
        """Whether another process holds the task's run, or another run its target."""
        now = self._clock.read()
        rows = self.rows(_HOLDERS, (now.boot_id, now.boottime_ms, now.at_ms, task_id, task_id))
        return any(task != task_id or (holder is not None and left > 0) for task, holder, left in rows)

    def tasks_of(self, runs: Iterable[str]) -> list[str]:
        """The tasks of runs."""
        return [self.rows("SELECT task FROM runs WHERE id = ?", (run,))[0][0] for run in sorted(set(runs))]

    def newest_lease(self, run: str) -> int:
        """The number of the newest lease of a run."""
        [(number,)] = self.rows("SELECT number FROM leases WHERE run = ?", (run,))
        return int(number)

    def appended(self, leases: Iterable[tuple[str, int]]) -> int:
        """How many entries were made under these leases."""
        wanted = "SELECT count(*) FROM entries WHERE run = ? AND json_extract(CAST(data AS TEXT), '$.lease') = ?"
        return sum(self.rows(wanted, lease)[0][0] for lease in leases)

    def rows(self, statement: str, values: tuple[Any, ...]) -> list[Any]:
        """Look into the database past the product."""
        with closing(sqlite3.connect(self._store)) as file:
            return file.execute(statement, values).fetchall()
