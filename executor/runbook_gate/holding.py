"""A run's lease for the length of a block."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from runbook_gate.clock import Clock
from runbook_gate.errors import LedgerFault, Parked, Stopped
from runbook_gate.ledger import Lease, Store

BACKOFF_MS: Final = 30_000


@contextmanager
def held(store: Store, lease: Lease, clock: Clock) -> Iterator[None]:
    """Release the lease however the block is left early; a run that cannot go on now is due again later.

    A block that ends well has ended the run, and its lease with it.
    """
    try:
        yield
    except BaseException as fault:
        with suppress(LedgerFault, Stopped):
            store.leases.release(lease, not_before_ms=_not_before(fault, clock))
        raise


def _not_before(fault: BaseException, clock: Clock) -> int | None:
    if isinstance(fault, Parked):
        return fault.until_ms
    asked = type(fault) is Stopped or not isinstance(fault, Exception)
    return None if asked else clock.read().at_ms + BACKOFF_MS
