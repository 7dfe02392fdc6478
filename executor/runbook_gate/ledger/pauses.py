"""Whether the executor is paused."""

from __future__ import annotations

from sqlalchemy import Connection

from runbook_gate.ledger import journal
from runbook_gate.ledger.database import Database
from runbook_gate.models.ledger_facts import Pause


def current(connection: Connection) -> Pause | None:
    """Find the pause that is in force.

    Args:
        connection: a transaction.

    Returns:
        The pause; None if there is none.
    """
    paused = journal.newest(connection, "paused", None)
    unpaused = journal.newest(connection, "unpaused", None)
    if paused is None or (unpaused is not None and unpaused.seq > paused.seq):
        return None
    return Pause(actor=paused.actor, reason=str(paused.body.get("reason", "")), since_ms=paused.at_ms)


class Pauses:
    """The pauses of a store. They are facts: cp0 and cp1 deny on them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def pause(self, reason: str, *, actor: str) -> Pause:
        """Pause, or give a new reason for the pause.

        Args:
            reason: why.
            actor: who asks.

        Returns:
            The pause.
        """
        with self._database.write() as connection:
            entry = journal.append(
                connection, self._database, kind="paused", subject=None, actor=actor, body={"reason": reason}
            )
            return Pause(actor=actor, reason=reason, since_ms=entry.at_ms)

    def unpause(self, *, actor: str) -> bool:
        """End the pause.

        Args:
            actor: who asks.

        Returns:
            False if there was none; then nothing is recorded.
        """
        with self._database.write() as connection:
            journal.begin(connection)
            if current(connection) is None:
                return False
            journal.append(connection, self._database, kind="unpaused", subject=None, actor=actor, body={})
            return True

    def current(self) -> Pause | None:
        """Find the pause that is in force.

        Returns:
            The pause; None if there is none.
        """
        with self._database.read() as connection:
            return current(connection)
