"""What effects work with, made from the configuration."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from runbook_gate.audit.files import AuditFiles
from runbook_gate.audit.protocol import AuditLog, NoAuditLog
from runbook_gate.clock import Clock, Reading
from runbook_gate.cluster.client import ClusterClient, Endpoint
from runbook_gate.cluster.protocol import Cluster
from runbook_gate.configuration import Settings
from runbook_gate.effects.context import EffectContext
from runbook_gate.errors import UsageFault
from runbook_gate.models.ledger_facts import LedgerFacts
from runbook_gate.registers.places import ConfiguredRegisters
from runbook_gate.registers.protocol import RegisterSource


@dataclass(frozen=True)
class Surroundings:
    """Clusters, registers and audit log of one configuration, and the ledger facts of one run."""

    cluster: Cluster
    servers: tuple[Cluster, ...]
    registers: RegisterSource
    audit: AuditLog
    clock: Clock
    ledger_facts: Callable[[Iterable[str]], LedgerFacts]

    def context(
        self, *, run_id: str, marker: str, intent: str | None, basis: Reading, label_keys: tuple[str, ...]
    ) -> EffectContext:
        """The context of one effect."""
        return EffectContext(
            run_id=run_id,
            marker=marker,
            intent=intent,
            basis=basis,
            label_keys=label_keys,
            cluster=self.cluster,
            servers=self.servers,
            registers=self.registers,
            audit=self.audit,
            clock=self.clock,
            ledger_facts=self.ledger_facts,
        )


def surroundings(
    settings: Settings, clock: Clock, ledger_facts: Callable[[Iterable[str]], LedgerFacts]
) -> Surroundings:
    """Make the surroundings of a run on the one cluster of these settings. Nothing is asked yet.

    Raises:
        UsageFault: if neither a kubeconfig nor in_cluster is configured.
    """
    access = settings.cluster
    if not access.reachable:
        raise UsageFault("No kubeconfig is given.", advice="Name it with cluster.kubeconfig in the configuration.")
    reach = [Endpoint(endpoint.name, endpoint.url) for endpoint in access.endpoints]
    clients = [
        ClusterClient(access.kubeconfig, access.context, endpoint, clock) for endpoint in [Endpoint("default"), *reach]
    ]
    return Surroundings(
        cluster=clients[0],
        servers=tuple(clients[1:]),
        registers=ConfiguredRegisters(settings.registers, clock),
        audit=AuditFiles(settings.audit.logs, clock) if settings.audit.logs else NoAuditLog(),
        clock=clock,
        ledger_facts=ledger_facts,
    )
