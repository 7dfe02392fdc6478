"""What the tables of a store say, read past the product."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.fakes.clock import ManualClock
from tests.ledger.attack import ServerAttacker
from tests.postgresql.databases import DATABASES

from runbook_gate.store_url import StoreUrl

_HOLDERS = """
    SELECT r.task, l.holder, CASE WHEN l.boot_id = ? THEN l.expires_boottime_ms - ? ELSE l.expires_ms - ? END
    FROM runs r JOIN leases l ON l.run = r.id
    WHERE r.state = 'active' AND (SELECT state FROM tasks WHERE id = ?) != 'finished' AND r.target_key = (
        SELECT json_extract(task, '$.cluster_id') || '/' || json_extract(task, '$.namespace')
        FROM (SELECT subject, kind, json_extract(CAST(data AS TEXT), '$.body.task') AS task FROM journal)
        WHERE kind = 'submitted' AND subject = ?)
"""
_HOLDERS_ON_A_SERVER = """
    SELECT r.task, l.holder, l.expires_ms - ? FROM runs r JOIN leases l ON l.run = r.id
    WHERE r.state = 'active' AND (SELECT state FROM tasks WHERE id = ?) != 'finished' AND r.target_key = (
        SELECT task ->> 'cluster_id' || '/' || (task ->> 'namespace')
        FROM (SELECT subject, kind, convert_from(data, 'UTF8')::jsonb -> 'body' -> 'task' AS task FROM journal) AS own
        WHERE kind = 'submitted' AND subject = ?)
"""


class Tables:
    """A store's database."""

    def __init__(self, store: Path | StoreUrl, clock: ManualClock) -> None:
        self._store, self._clock = store, clock

    def held(self, task_id: str) -> bool:
        """Whether another process holds the task's run, or another run its target."""
        now = self._clock.read()
        rows = (
            self.rows(_HOLDERS, (now.boot_id, now.boottime_ms, now.at_ms, task_id, task_id))
            if isinstance(self._store, Path)
            else self.rows(_HOLDERS_ON_A_SERVER, (self._clock.began_ms + self._clock.elapsed_ms, task_id, task_id))
        )
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
        lease = "json_extract(CAST(data AS TEXT), '$.lease')"
        if not isinstance(self._store, Path):
            lease = "(convert_from(data, 'UTF8')::jsonb -> 'lease')::int"
        wanted = f"SELECT count(*) FROM entries WHERE run = ? AND {lease} = ?"
        return sum(self.rows(wanted, each)[0][0] for each in leases)

    def rows(self, statement: str, values: tuple[Any, ...]) -> list[Any]:
        """Look into the database past the product."""
        if not isinstance(self._store, Path):
            with DATABASES.server.connect(self._store.dbname) as connection:
                found: list[Any] = ServerAttacker(connection).execute(statement, values).fetchall()
                return found
        with closing(sqlite3.connect(self._store)) as file:
            return file.execute(statement, values).fetchall()
