"""Leases: who may append to a run.

- A lease is good until somebody takes it over, which nobody may do before it expires. So the process that holds it
  can always record what its effect brought, however long that took, unless another one went on in between.
- Every acquisition has a higher fencing number, and every append checks it in its own transaction.
- On a server its clock counts, the same for all clients: theirs do not matter. In a file:
- On the boot that granted it a lease expires by CLOCK_BOOTTIME, which never jumps; seen from another boot, by wall
  clock. One whose end lies further ahead than any lease lasts was granted by a clock that was set back since: it is
  free.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, bindparam, false, insert, or_, select, update

from runbook_gate.clock import Reading
from runbook_gate.errors import HeldElsewhere, LeaseLost, UnknownRecord
from runbook_gate.ledger import tables
from runbook_gate.ledger.database import Database
from runbook_gate.ledger.records import Lease
from runbook_gate.ledger.turns import lock

LEASE_S: Final = 60  # longer than whatever a process awaits at once
LONGEST_S: Final = 2 * LEASE_S  # how far ahead a lease may seem to end, seen from another boot

_LEASES = tables.leases
_RUNS = tables.runs
_HELD: Final = select(_LEASES.c.run).where(
    _LEASES.c.run == bindparam("run"), _LEASES.c.number == bindparam("number"), _LEASES.c.holder == bindparam("holder")
)


def is_free(now: Reading) -> ColumnElement[bool]:
    """Condition that nobody holds a lease, or that it has expired.

    Args:
        now: the clock.

    Returns:
        The condition on `leases`.
    """
    here = _LEASES.c.boot_id == now.boot_id if now.boot_id else false()
    return or_(
        _LEASES.c.holder.is_(None),
        and_(here, _LEASES.c.expires_boottime_ms <= now.boottime_ms),
        and_(~here, _LEASES.c.expires_ms <= now.at_ms),
        and_(~here, _LEASES.c.expires_ms > now.at_ms + LONGEST_S * 1000),
    )


def grant(connection: Connection, run: str, holder: str, ttl_s: int, now: Reading) -> Lease:
    """Grant the first lease of a run that is being opened.

    Args:
        connection: a writing transaction.
        run: the run.
        holder: who will hold it.
        ttl_s: for how many seconds.
        now: the clock.

    Returns:
        The lease.
    """
    connection.execute(insert(_LEASES).values(run=run, number=1, holder=holder, **_until(now, ttl_s)))
    return Lease(run=run, number=1, holder=holder, expires_ms=now.at_ms + ttl_s * 1000)


def checked(connection: Connection, lease: Lease) -> None:
    """See that a lease is still good.

    Args:
        connection: a writing transaction.
        lease: the lease.

    Raises:
        LeaseLost: if another process took the run over, or the lease was released.
    """
    if lock(connection, _HELD, run=lease.run, number=lease.number, holder=lease.holder) is None:
        raise LeaseLost(f"lease {lease.number} of run {lease.run} is no longer held")


class Leases:
    """The leases of a store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def acquire(self, run: str, holder: str, *, ttl_s: int = LEASE_S) -> Lease:
        """Take a run that nobody holds, or whose lease has expired.

        Args:
            run: the run.
            holder: who asks: host, process and a random part.
            ttl_s: for how many seconds.

        Returns:
            A lease with a higher number.

        Raises:
            UnknownRecord: if there is no such run.
            HeldElsewhere: if somebody holds it, or the run has ended.
        """
        with self._database.write() as connection:
            if lock(connection, select(_LEASES.c.run).where(_LEASES.c.run == run)) is None:
                raise UnknownRecord(f"there is no run {run}")
            now = self._database.now(connection)
            row = connection.execute(
                select(_RUNS.c.state, _LEASES.c.number, is_free(now).label("free"))
                .join(_LEASES, _LEASES.c.run == _RUNS.c.id)
                .where(_RUNS.c.id == run)
            ).one()
            if row.state != "active":
                raise HeldElsewhere(f"run {run} has ended", advice="Start the command again for its result.")
            if not row.free:
                raise HeldElsewhere(f"another process holds run {run}")
            lease = Lease(run, row.number + 1, holder, now.at_ms + ttl_s * 1000)
            connection.execute(
                update(_LEASES)
                .where(_LEASES.c.run == run)
                .values(number=lease.number, holder=holder, **_until(now, ttl_s))
            )
            return lease

    def renew(self, lease: Lease, *, ttl_s: int = LEASE_S) -> Lease:
        """Keep a run for longer.

        Args:
            lease: the lease.
            ttl_s: for how many seconds from now.

        Returns:
            The same lease with its new end.

        Raises:
            LeaseLost: if it is no longer held.
        """
        with self._database.write() as connection:
            checked(connection, lease)
            now = self._database.now(connection)
            connection.execute(update(_LEASES).where(_LEASES.c.run == lease.run).values(**_until(now, ttl_s)))
            return Lease(lease.run, lease.number, lease.holder, now.at_ms + ttl_s * 1000)

    def release(self, lease: Lease, *, not_before_ms: int | None = None) -> None:
        """Give a run back. A lease that is no longer held is left alone.

        Args:
            lease: the lease.
            not_before_ms: when the run's task is due again, by this host's clock; None for at once.
        """
        with self._database.write() as connection:
            try:
                checked(connection, lease)
            except LeaseLost:
                return
            connection.execute(update(_LEASES).where(_LEASES.c.run == lease.run).values(holder=None))
            task = select(_RUNS.c.task).where(_RUNS.c.id == lease.run).scalar_subquery()
            due = self._database.moment(connection, not_before_ms) if not_before_ms else 0
            connection.execute(
                update(tables.tasks).where(tables.tasks.c.id == task).values(not_before_ms=due, **tables.UNCLAIMED)
            )


def _until(now: Reading, ttl_s: int) -> dict[str, Any]:
    return {
        "expires_ms": now.at_ms + ttl_s * 1000,
        "expires_boottime_ms": now.boottime_ms + ttl_s * 1000,
        "boot_id": now.boot_id,
    }
