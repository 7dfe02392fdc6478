"""Effects that no shipped runbook has: one reads a register more, one writes a single label, one looks again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

from runbook_gate.cluster.deadline import Deadline
from runbook_gate.cluster.projection import namespace_read
from runbook_gate.cluster.protocol import LabelPatch
from runbook_gate.effects.context import EffectContext
from runbook_gate.effects.gather import Gather
from runbook_gate.effects.protocol import Effect, FenceFacts
from runbook_gate.effects.resolve_write import ResolveWrite
from runbook_gate.models.base import Closed, Record
from runbook_gate.models.observation import GatherBody, NamespaceRead
from runbook_gate.models.params import GatherParams, PatchLabelsParams
from runbook_gate.models.register import RegisterAnswer, Registers
from runbook_gate.registers.projection import register_answer
from runbook_gate.registers.records import Target
from runbook_gate.shapes import text


class Freeze(Record):
    """change_calendar: a time in which nothing changes."""

    state: str | None


class CalendarRegisters(Registers):
    """One more than the shipped runbooks have."""

    change_calendar: RegisterAnswer[Freeze]


class CalendarBody(GatherBody):
    """gather, with the change calendar."""

    registers: CalendarRegisters


class GatherWithCalendar(Effect[GatherParams, CalendarBody]):
    """Reads the change calendar too."""

    name = "gather"
    params = GatherParams
    body = CalendarBody

    def violation(self, params: GatherParams, facts: FenceFacts) -> str | None:
        """As of the shipped one."""
        return Gather().violation(params, facts)

    def run(self, params: GatherParams, context: EffectContext) -> CalendarBody:
        """The calendar, and then everything else."""
        target = Target(params.cluster_id, params.namespace, context.label_keys)
        calendar = register_answer(context.registers.read("change_calendar"), target, freeze)
        read = Gather().run(params, context)
        registers = CalendarRegisters(**dict(read.registers), change_calendar=calendar)
        return CalendarBody(**{**dict(read), "registers": registers})


def freeze(raw: Mapping[str, Any], _target: Target) -> Freeze:
    """Project a record of the calendar."""
    return Freeze(state=text(raw.get("state")))


class MarkBody(Record):
    """mark: the answer to the one write."""

    effect: Literal["mark"]
    intent: str
    patched: NamespaceRead


class Mark(Effect[PatchLabelsParams, MarkBody]):
    """Writes one of the task's labels."""

    name = "mark"
    params = PatchLabelsParams
    body = MarkBody
    writes = True

    def violation(self, params: PatchLabelsParams, facts: FenceFacts) -> str | None:
        """One label, with the task's value, on the namespace that was read."""
        rules = {
            "namespace": params.namespace == facts.task.namespace,
            "labels": len(params.labels) == 1 and params.labels.items() <= facts.task.labels.items(),
            "uid": params.uid == facts.uid,
            "resource_version": params.resource_version == facts.resource_version,
            "budget": len(facts.intents) < facts.retry_budget,
        }
        return next((code for code, kept in rules.items() if not kept), None)

    def run(self, params: PatchLabelsParams, context: EffectContext) -> MarkBody:
        """Send it once."""
        assert context.intent is not None
        patch = LabelPatch(
            namespace=params.namespace,
            uid=params.uid,
            resource_version=params.resource_version,
            labels=params.labels,
            field_manager=context.marker,
        )
        not_after = Deadline.of(params.not_after_ms, context.basis)
        with context.cluster.open(5) as connection:
            answer = connection.patch_namespace(patch, dry_run=False, audit_id=context.intent, not_after=not_after)
        return MarkBody(effect="mark", intent=context.intent, patched=namespace_read(answer, context.label_keys))


class LookParams(Closed):
    """Where look_again looks."""

    namespace: str


class Look(Record):
    """One server's look."""

    endpoint: str
    last: NamespaceRead


class LookBody(Record):
    """look_again: a round without probes."""

    effect: Literal["look_again"]
    sampled: bool
    servers: list[Look]


class LookAgain(Effect[LookParams, LookBody]):
    """Reads the namespace."""

    name = "look_again"
    params = LookParams
    body = LookBody

    def violation(self, params: LookParams, facts: FenceFacts) -> str | None:
        """The namespace is the task's."""
        return None if params.namespace == facts.task.namespace else "namespace"

    def run(self, params: LookParams, context: EffectContext) -> LookBody:
        """Read it once."""
        with context.cluster.open(5) as connection:
            read = namespace_read(connection.read_namespace(params.namespace), context.label_keys)
        return LookBody(effect="look_again", sampled=True, servers=[Look(endpoint=context.cluster.name, last=read)])


EFFECTS: Final[Mapping[str, Effect[Any, Any]]] = {
    effect.name: effect for effect in (GatherWithCalendar(), Mark(), ResolveWrite(), LookAgain())
}
