"""Which policy decides a run: the one that it is pinned to, and when it may be pinned to another."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from runbook_gate.core.history import History
from runbook_gate.engine.journal import Journal
from runbook_gate.errors import LedgerBroken, SidecarFault, UnknownRecord
from runbook_gate.gate.bundle import Bundle
from runbook_gate.ledger import Draft, Store
from runbook_gate.models.bodies import RepinnedBody
from runbook_gate.serving import Serving


def governing(store: Store, history: History, given: Bundle) -> Bundle:
    """The given bundle, or the pinned one from the evidence once a write was intended under it.

    Raises:
        LedgerBroken: if that evidence is lost or altered.
    """
    if history.pins.content_sha256 == given.content_sha256 or not history.attempts_made():
        return given
    try:
        return Bundle.parse(store.evidence.get(history.pins.bundle_sha256), source="evidence")
    except UnknownRecord:
        raise LedgerBroken(f"the bundle that run {history.newest.run} is pinned to is no longer in the store") from None


def repin(
    store: Store,
    journal: Journal,
    given: Bundle,
    served: Serving,
    awaiting: Callable[[], AbstractContextManager[None]],
) -> None:
    """Pin a run in which nothing was written yet to the bundle and the OPA that are there now.

    Where nothing answers, the run's first question says so on the record.

    Args:
        store: the ledger.
        journal: the run.
        given: the bundle that is configured.
        served: the sidecar that serves it.
        awaiting: makes the block in which OPA's answer is awaited.
    """
    history = journal.history
    if history.attempts_made():
        return
    try:
        with awaiting():
            pins = served.pins(given)
    except SidecarFault:
        return
    if (pins.content_sha256, pins.opa_version) == (history.pins.content_sha256, history.pins.opa_version):
        return
    store.evidence.put(given.raw)
    body = RepinnedBody(pins=pins).model_dump(mode="json")
    journal.append(Draft(kind="repinned", body=body, checkpoint="cp0", step=history.opened.routing.steps[0]))
