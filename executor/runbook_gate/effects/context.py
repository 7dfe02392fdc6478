"""What an effect is given besides its params."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from runbook_gate.audit.protocol import AuditLog
from runbook_gate.clock import Clock, Reading
from runbook_gate.cluster.protocol import Cluster
from runbook_gate.models.ledger_facts import LedgerFacts
from runbook_gate.registers.protocol import RegisterSource


@dataclass(frozen=True)
class EffectContext:
    """The run that acts, and the world it acts on.

    Attributes:
        run_id: the run.
        marker: fieldManager of a write; of a gather: of the write that would follow.
        intent: of a write: sha256 of its intent entry; None else.
        basis: reading of the newest entry that the decision was based on; deadlines are measured from it.
        label_keys: the runbook's labels, from the run's `opened`.
        cluster: the default address.
        servers: every listed API server; empty if none are listed.
        registers: where registers are read.
        audit: where audit events are looked up.
        clock: the time.
        ledger_facts: reads the source `ledger`, given the runs that markers on the namespace name.
    """

    run_id: str
    marker: str
    intent: str | None
    basis: Reading
    label_keys: tuple[str, ...]
    cluster: Cluster
    servers: tuple[Cluster, ...]
    registers: RegisterSource
    audit: AuditLog
    clock: Clock
    ledger_facts: Callable[[Iterable[str]], LedgerFacts]
