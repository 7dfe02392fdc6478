"""patch_labels: the one write. One merge patch, bound to the object that the gate has seen."""

from __future__ import annotations

from typing import Final

from runbook_gate.cluster.deadline import Deadline
from runbook_gate.cluster.projection import namespace_read
from runbook_gate.cluster.protocol import LabelPatch
from runbook_gate.effects.context import EffectContext
from runbook_gate.effects.protocol import Effect, FenceFacts
from runbook_gate.models.observation import PatchLabelsBody
from runbook_gate.models.params import PatchLabelsParams

ALLOWANCE_S: Final = 20.0
LONGEST_GO_MS: Final = 30_000


class PatchLabels(Effect[PatchLabelsParams, PatchLabelsBody]):
    """Writes the approved tuple; its fence is the last thing between a decision and the cluster."""

    name = "patch_labels"
    params = PatchLabelsParams
    body = PatchLabelsBody
    writes = True

    def violation(self, params: PatchLabelsParams, facts: FenceFacts) -> str | None:
        """Target and tuple are the task's, the object is the one read, attempt and moment allow it."""
        rules = {
            "namespace": params.namespace == facts.task.namespace,
            "labels": params.labels == facts.task.labels and params.labels.keys() == set(facts.label_keys),
            "uid": bool(params.uid) and params.uid == facts.uid,
            "resource_version": bool(params.resource_version) and params.resource_version == facts.resource_version,
            "budget": len(facts.intents) < min(facts.retry_budget, facts.task.retry_budget),
            "deadline": params.not_after_ms <= facts.deadline_ms,
            "too_early": params.not_after_ms <= facts.now.at_ms + LONGEST_GO_MS,
            "too_late": not Deadline.of(params.not_after_ms, facts.basis).passed(facts.now),
        }
        return next((code for code, kept in rules.items() if not kept), None)

    def run(self, params: PatchLabelsParams, context: EffectContext) -> PatchLabelsBody:
        """Send the PATCH on a new connection, unless `not_after_ms` has passed once it stands.

        Raises:
            ValueError: there is no intent; without its record nothing is sent.
        """
        if context.intent is None:
            raise ValueError("a write needs its intent")
        patch = LabelPatch(
            namespace=params.namespace,
            uid=params.uid,
            resource_version=params.resource_version,
            labels=params.labels,
            field_manager=context.marker,
        )
        not_after = Deadline.of(params.not_after_ms, context.basis)
        with context.cluster.open(ALLOWANCE_S) as connection:
            answer = connection.patch_namespace(patch, dry_run=False, audit_id=context.intent, not_after=not_after)
        return PatchLabelsBody(
            effect="patch_labels", intent=context.intent, patched=namespace_read(answer, context.label_keys)
        )
