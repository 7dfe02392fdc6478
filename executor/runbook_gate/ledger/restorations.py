"""What it means that a store was restored: whatever was recorded after the backup is missing, intents too.

For a task that was submitted before, it is not known what was tried. So its run meets a pause that nobody ends: cp1
denies, and the run ends without another write.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, select

from runbook_gate.ledger import journal, tables
from runbook_gate.ledger.database import Database
from runbook_gate.models.ledger_facts import Pause

REASON: Final = "the ledger was restored from a backup after this task was submitted; what was tried since is unknown"

_RUNS = tables.runs
_TASKS = tables.tasks


def pause(connection: Connection, run: str | None) -> Pause | None:
    """The pause that the newest restoration is to a run.

    Args:
        connection: a transaction.
        run: the run; None before it is opened.

    Returns:
        The pause; None if the run's task was submitted after it, or nothing was restored.
    """
    restored = journal.newest(connection, "restored", None)
    if restored is None or run is None:
        return None
    submitted = select(_TASKS.c.journal_seq).join(_RUNS, _RUNS.c.task == _TASKS.c.id).where(_RUNS.c.id == run)
    if connection.execute(submitted).scalar_one() > restored.seq:
        return None
    return Pause(actor=restored.actor, reason=REASON, since_ms=restored.at_ms)


class Restorations:
    """The restorations of a store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, *, actor: str, backup_sha256: str | None) -> list[str]:
        """Record that the store was restored.

        Args:
            actor: who did it.
            backup_sha256: digest of the file; None if it was restored by other means.

        Returns:
            The tasks that were not finished in it, oldest first: none of them will write.
        """
        with self._database.write() as connection:
            journal.begin(connection)
            wanted = select(_TASKS.c.id).where(_TASKS.c.state != "finished").order_by(_TASKS.c.journal_seq)
            tasks = list(connection.execute(wanted).scalars())
            body = {"backup_sha256": backup_sha256, "tasks": tasks}
            journal.append(connection, self._database, kind="restored", subject=None, actor=actor, body=body)
            return tasks
