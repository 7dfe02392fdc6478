"""Opens a run: what is copied from the bundle so that the run never depends on a later one."""

from __future__ import annotations

from collections.abc import Callable

from runbook_gate.clock import Clock
from runbook_gate.gate.bundle import Bundle
from runbook_gate.ledger import Lease, Store
from runbook_gate.models.ledger_facts import LedgerFacts
from runbook_gate.models.runbook import Opened, Pins
from runbook_gate.models.task import Task


def target_key(bundle: Bundle, task: Task) -> str:
    """What a task's runbook may have one active run on."""
    return "/".join(str(getattr(task, field)) for field in bundle.routing(task.runbook).target_key)


def open_run(
    store: Store,
    task: Task,
    *,
    bundle: Bundle,
    pins: Pins,
    holder: str,
    clock: Clock,
    facts: Callable[[str], LedgerFacts],
) -> Lease:
    """Open a run for a queued task and hold it.

    The bundle's bytes are evidence before the first entry names them.

    Raises:
        HeldElsewhere: if the target has an active run; the task stays queued.
    """
    routing, key = bundle.routing(task.runbook), target_key(bundle, task)
    store.evidence.put(bundle.raw)
    opened = Opened(
        task=task,
        pins=pins,
        routing=routing,
        target_key=key,
        deadline_ms=min(clock.read().at_ms + routing.duration_ms, task.prequalification.until_ms),
        ledger=facts(key),
    )
    lease, _ = store.runs.open(opened, holder=holder)
    return lease
