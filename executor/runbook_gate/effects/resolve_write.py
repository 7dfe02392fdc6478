"""resolve_write: what became of a write. It reads the state and the audit log, and draws no conclusion."""

from __future__ import annotations

from typing import Final

from runbook_gate.audit.protocol import AuditQuery
from runbook_gate.cluster.projection import namespace_read
from runbook_gate.effects.context import EffectContext
from runbook_gate.effects.protocol import Effect, FenceFacts
from runbook_gate.models.observation import ResolveWriteBody
from runbook_gate.models.params import ResolveWriteParams

ALLOWANCE_S: Final = 20.0
# By how much a look may begin before what matters: for the skew of the servers' clocks, and for nobody else's business.
EARLIER_MS: Final = 60_000


class ResolveWrite(Effect[ResolveWriteParams, ResolveWriteBody]):
    """Reads only."""

    name = "resolve_write"
    params = ResolveWriteParams
    body = ResolveWriteBody

    def violation(self, params: ResolveWriteParams, facts: FenceFacts) -> str | None:
        """Namespace, labels and Audit-IDs are those of the run, and no write that matters is left out."""
        rules = {
            "namespace": params.namespace == facts.task.namespace,
            "labels": sorted(params.label_keys) == sorted(facts.label_keys),
            "audit_ids": sorted(params.audit_ids) == sorted(facts.intents),
            "since": 0 <= facts.since_ms - params.since_ms <= EARLIER_MS,
        }
        return next((code for code, kept in rules.items() if not kept), None)

    def run(self, params: ResolveWriteParams, context: EffectContext) -> ResolveWriteBody:
        """Read the namespace on a new connection, then look up the audit log."""
        with context.cluster.open(ALLOWANCE_S) as connection:
            read = namespace_read(connection.read_namespace(params.namespace), context.label_keys)
        query = AuditQuery(
            audit_ids=frozenset(params.audit_ids),
            namespace=params.namespace,
            since_ms=params.since_ms,
            label_keys=context.label_keys,
        )
        return ResolveWriteBody(effect="resolve_write", read=read, audit=context.audit.lookup(query))
