"""A run's lease for the length of a block."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from runbook_gate.clock import Clock
from runbook_gate.errors import LedgerFault, Parked, Stopped
from runbook_gate.ledger import Lease, Store

BACKOFF_MS: Final = 30_000


class Unreleased:
    """Leases that could not be released when they should have been, for the store was away.

    They end by themselves after a minute; who lives on releases them as soon as the store is back.
    """

    def __init__(self) -> None:
        self._leases: list[Lease] = []

    def add(self, lease: Lease) -> None:
        """Remember a lease."""
        self._leases.append(lease)

    def release(self, store: Store) -> None:
        """Release them; what another one holds by now is left alone.

        Raises:
            LedgerUnwritable: the store is still away.
        """
        while self._leases:
            store.leases.release(self._leases[-1])
            self._leases.pop()


@contextmanager
def held(store: Store, lease: Lease, clock: Clock, unreleased: Unreleased) -> Iterator[None]:
    """Release the lease however the block is left early; a run that cannot go on now is due again later.

    A block that ends well has ended the run, and its lease with it.
    """
    try:
        yield
    except BaseException as fault:
        try:
            store.leases.release(lease, not_before_ms=_not_before(fault, clock))
        except LedgerFault:
            unreleased.add(lease)
        except Stopped:
            pass  # the process ends, and the lease with it
        raise


def _not_before(fault: BaseException, clock: Clock) -> int | None:
    if isinstance(fault, Parked):
        return fault.until_ms
    asked = type(fault) is Stopped or not isinstance(fault, Exception)
    return None if asked else clock.read().at_ms + BACKOFF_MS
