"""The outbox: which entries somebody is told of, and how far that got.

- A row comes with its entry, in one transaction. It holds no content: that is read from the entry, and checked.
- Whoever sends reserves first. A reservation counts as an attempt and names the next one, so a process that dies
  between the two forgets nothing, and two processes send the same only if one takes longer than the other waits.
- After a fault of the receiver nothing at all is tried for PAUSE_MS, whoever asks: one that hangs costs everybody
  little. A fault that is of one notification alone puts off nothing but its own next try.
- What has been due the longest comes first, so one that was not taken falls back behind those that came meanwhile.
- On a server its clock counts, the same for all clients.
- Nothing is ever given up: from FAILING attempts on it is called failing, and still tried.
"""

from __future__ import annotations

import builtins
import secrets
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, and_, func, insert, or_, select, update

from runbook_gate.errors import UnknownRecord
from runbook_gate.ledger import tables
from runbook_gate.ledger.database import Database
from runbook_gate.ledger.identifiers import notification_id
from runbook_gate.ledger.notices import FAILING, OF_ONE, Notification, State, Telling, telling, told

PAUSE_MS: Final = 30_000
FIRST_MS: Final = 30_000
LONGEST_MS: Final = 3_600_000
_ROWS: Final = tables.notifications
_OPEN: Final = _ROWS.c.delivered_ms.is_(None)


def add(connection: Connection, database: Database, kind: str, *, run: str, sha256: str, at_ms: int) -> None:
    """Let somebody be told of an entry, as soon as it is durable.

    Args:
        connection: the transaction that records the entry.
        database: whose clock says when it is due.
        kind: of the entry.
        run: that it is about.
        sha256: digest of the entry.
        at_ms: when it was recorded.
    """
    named = {"id": notification_id(sha256), "kind": kind, "run": run, "entry_sha256": sha256}
    due_ms = database.now(connection).at_ms
    connection.execute(insert(_ROWS).values(**named, at_ms=at_ms, attempts=0, next_try_ms=due_ms))


class Outbox:
    """The notifications of a store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list(self, *, delivered: bool = False, limit: int = 100) -> builtins.list[Notification]:
        """List notifications, oldest first.

        Args:
            delivered: also those that were delivered.
            limit: how many at most, the oldest of them.
        """
        wanted = select(_ROWS).order_by(_ROWS.c.at_ms, _ROWS.c.id).limit(limit)
        with self._database.read() as connection:
            return [told(row) for row in connection.execute(wanted if delivered else wanted.where(_OPEN))]

    def counts(self) -> dict[State, int]:
        """How many are in each state."""
        failing = and_(_OPEN, _ROWS.c.attempts >= FAILING)
        conditions: dict[State, ColumnElement[bool]] = {
            "pending": and_(_OPEN, _ROWS.c.attempts < FAILING),
            "failing": failing,
            "delivered": ~_OPEN,
        }
        with self._database.read() as connection:
            return {
                state: connection.execute(select(func.count()).select_from(_ROWS).where(one)).scalar_one()
                for state, one in conditions.items()
            }

    def undelivered(self) -> tuple[int, int | None]:
        """How many were not delivered, and when the entry of the oldest of them was recorded."""
        wanted = select(func.count(), func.min(_ROWS.c.at_ms)).where(_OPEN)
        with self._database.read() as connection:
            count, since_ms = connection.execute(wanted).one()
        return count, since_ms

    def get(self, notification: str) -> Notification:
        """Look up a notification.

        Raises:
            UnknownRecord: there is none of this id.
        """
        with self._database.read() as connection:
            row = connection.execute(select(_ROWS).where(_ROWS.c.id == notification)).one_or_none()
        if row is None:
            raise UnknownRecord(
                f"there is no notification {notification}", advice="See `runbook-gate notifications list --all`."
            )
        return told(row)

    def due(self, *, first: str | None = None) -> Notification | None:
        """Find the notification that is to be sent next: what has been due the longest.

        Args:
            first: a run whose own comes before all others.

        Returns:
            None if none is due, or if the receiver is left in peace for a moment.
        """
        with self._database.read() as connection:
            now_ms = self._database.now(connection).at_ms
            wanted = _ripe(now_ms).limit(1)
            if connection.execute(_pausing(now_ms)).one_or_none() is not None:
                return None
            own = connection.execute(wanted.where(_ROWS.c.run == first)).one_or_none() if first else None
            row = own or connection.execute(wanted).one_or_none()
        return told(row) if row else None

    def reserve(self, found: Notification) -> bool:
        """Take the next attempt, as long as nobody else has since it was looked up.

        Args:
            found: the notification, as it was looked up.

        Returns:
            Whether the attempt is the caller's.
        """
        attempt = found.attempts + 1
        unchanged = and_(_ROWS.c.id == found.id, _ROWS.c.attempts == found.attempts, _OPEN)
        with self._database.write() as connection:
            now_ms = self._database.now(connection).at_ms
            values = {"attempts": attempt, "last_try_ms": now_ms, "next_try_ms": now_ms + backoff_ms(attempt)}
            return connection.execute(update(_ROWS).where(unchanged).values(**values)).rowcount == 1

    def settle(self, notification: str, problem: str | None) -> None:
        """Note what became of an attempt.

        Args:
            notification: its id.
            problem: stable name of what went wrong; None if the receiver took it.
        """
        with self._database.write() as connection:
            delivered = {} if problem else {"delivered_ms": self._database.now(connection).at_ms}
            values = {"last_error": problem, **delivered}
            connection.execute(update(_ROWS).where(_ROWS.c.id == notification, _OPEN).values(**values))

    def telling(self, notification: str) -> Telling:
        """Read what a notification tells.

        Args:
            notification: its id.

        Raises:
            LedgerBroken: the record does not have that entry, or it was altered.
        """
        with self._database.read() as connection:
            return telling(connection, notification)


def _pausing(now_ms: int) -> Select[Any]:
    """One whose last attempt met a fault of the receiver, lately."""
    lately = _ROWS.c.last_try_ms.between(now_ms - PAUSE_MS + 1, now_ms + PAUSE_MS)
    return select(_ROWS.c.id).where(_ROWS.c.last_error.is_not(None), _ROWS.c.last_error.not_in(OF_ONE), lately).limit(1)


def _ripe(now_ms: int) -> Select[Any]:
    """Those that are due, in their order. Their index has no such order, so they are sorted each time."""
    # Later than any attempt is ever put off, it was so by a clock that was wrong.
    ripe = or_(_ROWS.c.next_try_ms <= now_ms, _ROWS.c.next_try_ms > now_ms + LONGEST_MS)
    return select(_ROWS).where(_OPEN, ripe).order_by(_ROWS.c.next_try_ms, _ROWS.c.at_ms, _ROWS.c.id)


def backoff_ms(attempt: int) -> int:
    """How long after an attempt the next one may follow: twice as long each time, and by chance up to half shorter.

    Args:
        attempt: from 1.

    Returns:
        Milliseconds, LONGEST_MS at most. The shortest outlasts every request.
    """
    whole = min(FIRST_MS << min(attempt - 1, 20), LONGEST_MS)
    return whole - secrets.randbelow(whole // 2 + 1)
