"""gather: every fact that cp1 and cp4 decide on.

Registers first, then the cluster, then the namespace as late as possible: read, dry run of the PATCH, read. What the
ledger knows is asked for after the first read, whose markers name the runs that it should know.
"""

from __future__ import annotations

from typing import Final

from runbook_gate.cluster.projection import cluster_identity, executor_identity, namespace_read
from runbook_gate.cluster.protocol import Connection, LabelPatch
from runbook_gate.effects.context import EffectContext
from runbook_gate.effects.protocol import Effect, FenceFacts
from runbook_gate.models.observation import GatherBody, NamespaceRead
from runbook_gate.models.params import GatherParams
from runbook_gate.registers.projection import read_registers
from runbook_gate.registers.records import Target

ALLOWANCE_S: Final = 40.0


class Gather(Effect[GatherParams, GatherBody]):
    """Reads; its only PATCH is a dry run."""

    name = "gather"
    params = GatherParams
    body = GatherBody

    def violation(self, params: GatherParams, facts: FenceFacts) -> str | None:
        """The target and the labels are the task's, the sources the runbook's."""
        rules = {
            "cluster": params.cluster_id == facts.task.cluster_id,
            "namespace": params.namespace == facts.task.namespace,
            "labels": params.labels == facts.task.labels and params.labels.keys() == set(facts.label_keys),
            "sources": sorted(params.sources) == sorted(facts.sources),
        }
        return next((code for code, kept in rules.items() if not kept), None)

    def run(self, params: GatherParams, context: EffectContext) -> GatherBody:
        """Read everything, in the order above."""
        target = Target(params.cluster_id, params.namespace, context.label_keys)
        registers = read_registers(context.registers, frozenset(params.sources), target)
        with context.cluster.open(ALLOWANCE_S) as connection:
            cluster = cluster_identity(connection.read_namespace("kube-system"))
            identity = executor_identity(connection.self_subject_review())
            first = namespace_read(connection.read_namespace(params.namespace), context.label_keys)
            ledger = context.ledger_facts({marker.run for marker in first.object.markers} if first.object else ())
            dry_run = _dry_run(connection, params, context, first)
            last = namespace_read(connection.read_namespace(params.namespace), context.label_keys)
        return GatherBody(
            effect="gather",
            ledger=ledger,
            registers=registers,
            cluster=cluster,
            identity=identity,
            first=first,
            dry_run=dry_run,
            last=last,
        )


def _dry_run(
    connection: Connection, params: GatherParams, context: EffectContext, first: NamespaceRead
) -> NamespaceRead:
    there = first.object
    if there is None or there.uid is None or there.resource_version is None:
        return namespace_read(connection.skipped(), context.label_keys)
    patch = LabelPatch(
        namespace=params.namespace,
        uid=there.uid,
        resource_version=there.resource_version,
        labels=params.labels,
        field_manager=context.marker,
    )
    return namespace_read(connection.patch_namespace(patch, dry_run=True), context.label_keys)
