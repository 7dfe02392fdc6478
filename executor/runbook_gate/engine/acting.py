"""Does the one effect that a decision asks for, inside the effect's own fence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from pydantic import ValidationError

from runbook_gate.canonical import canonical_bytes, sha256_hex
from runbook_gate.clock import Clock, Reading
from runbook_gate.cluster.namespace import field_manager
from runbook_gate.core.fence import refuse
from runbook_gate.core.history import History
from runbook_gate.effects.context import EffectContext
from runbook_gate.effects.protocol import Effect, FenceFacts
from runbook_gate.engine import lookback
from runbook_gate.ledger import Draft
from runbook_gate.models.base import Record
from runbook_gate.models.bodies import DecisionBody
from runbook_gate.models.decision import Decision
from runbook_gate.models.decision_input import IntentBody
from runbook_gate.models.entry import Entry


class World(Protocol):
    """Makes what an effect works with: clusters, registers, audit log, ledger facts."""

    def context(
        self,
        *,
        run_id: str,
        marker: str,
        intent: str | None,
        basis: Reading,
        label_keys: tuple[str, ...],
    ) -> EffectContext:
        """The context of one effect."""
        ...


class Actor:
    """The effects of one runbook, and what they work with.

    Args:
        effects: by name.
        world: makes what an effect works with.
        clock: wall and boot time.
    """

    def __init__(self, effects: Mapping[str, Effect[Any, Any]], world: World, clock: Clock) -> None:
        self._effects, self._world, self._clock = effects, world, clock

    def admit(self, history: History, decision: Decision) -> None:
        """The effect's own fence.

        Raises:
            NoDecision: with a code `fence.*`.
        """
        action = decision.next.action
        if action in {"finish", "escalate"}:
            return
        effect = self._effects.get(action)
        if effect is None:
            refuse("action", f"this executor has no effect {action}")
        if (history.opened.routing.effects.get(action) == "write") != effect.writes:
            refuse("action", f"{action} is not what the runbook calls it: a write has an intent, a read has none")
        violated = effect.violation(self._params(effect, decision.next.params), self._fence_facts(history))
        if violated:
            refuse(violated, f"{action}: {violated} is not as the task and the newest read say")

    def intend(self, history: History, decision: Decision, recorded: Entry) -> Draft | None:
        """The intent of a write; None if the decision is no write, or what it was made on is not of this moment.

        Its facts are then gathered again: the last read is too old, or the ledger is in another database by now.

        Args:
            history: the run before the decision.
            decision: the decision.
            recorded: its entry, made in the transaction that the intent would be in.
        """
        if history.opened.routing.effects.get(decision.next.action) != "write":
            return None
        if not (lookback.fresh(history, recorded) and lookback.in_the_same_database(history, recorded)):
            return None
        attempt = len(history.attempts(decision.next.step)) + 1
        body = _intent(history, decision, recorded, attempt)
        return Draft(
            kind="intent",
            body=body.model_dump(mode="json"),
            checkpoint="cp2",
            attempt=attempt,
            step=decision.next.step,
        )

    def write(self, history: History, intent: Entry) -> Record:
        """Send the write that an intent announced. Only the process that wrote the intent may call it."""
        decided = DecisionBody.model_validate(history.entries[-2].body)
        effect = self._effects[intent.body["action"]]
        # The wall and boot clocks of the facts that the gate decided on.
        basis = lookback.reading(history.entries[-3])
        context = self._context(history, marker=intent.body["marker"], intent=intent.sha256, basis=basis)
        body: Record = effect.run(self._params(effect, decided.next.params), context)
        return body

    def read(self, history: History, action: str, params: Mapping[str, Any]) -> Record:
        """Do an effect that only reads."""
        effect = self._effects[action]
        body: Record = effect.run(self._params(effect, params), self._context(history))
        return body

    def resolving(self, history: History) -> dict[str, Any]:
        """Params of the look-up that follows every write, made from the run's own intents."""
        made = history.attempts(history.step)
        return {
            "namespace": history.opened.task.namespace,
            "label_keys": list(history.opened.routing.label_keys),
            "audit_ids": [attempt.intent.sha256 for attempt in made],
            "since_ms": lookback.since_ms(history),
        }

    def _params(self, effect: Effect[Any, Any], params: Mapping[str, Any]) -> Any:
        try:
            return effect.params.model_validate(dict(params))
        except ValidationError:
            refuse("params", f"the params of {effect.name} are not as its schema says")

    def _fence_facts(self, history: History) -> FenceFacts:
        newest = lookback.last_read(history).get("object")
        return FenceFacts(
            task=history.opened.task,
            label_keys=tuple(history.opened.routing.label_keys),
            uid=newest["uid"] if newest else None,
            resource_version=newest["resource_version"] if newest else None,
            sources=tuple(history.opened.routing.sources),
            intents=tuple(made.intent.sha256 for made in history.attempts(history.step)),
            rounds=tuple(entry.body for entry in history.rounds(history.step)),
            since_ms=lookback.since_ms(history),
            deadline_ms=history.opened.deadline_ms,
            retry_budget=history.opened.routing.retry_budget,
            basis=lookback.reading(history.newest),
            now=self._clock.read(),
        )

    def _context(
        self,
        history: History,
        *,
        marker: str | None = None,
        intent: str | None = None,
        basis: Reading | None = None,
    ) -> EffectContext:
        return self._world.context(
            run_id=history.newest.run,
            marker=marker or _marker(history),
            intent=intent,
            basis=basis or lookback.reading(history.newest),
            label_keys=tuple(history.opened.routing.label_keys),
        )


def _intent(history: History, decision: Decision, recorded: Entry, attempt: int) -> IntentBody:
    params = decision.next.params
    return IntentBody(
        action=decision.next.action,
        attempt=attempt,
        uid=params["uid"],
        resource_version=params["resource_version"],
        labels=params["labels"],
        not_after_ms=params["not_after_ms"],
        params_sha256=sha256_hex(canonical_bytes(params)),
        decision=recorded.sha256,
        read_date_ms=lookback.last_read(history)["http"]["date_ms"],
        marker=_marker(history),
    )


def _marker(history: History) -> str:
    """Of the write that would follow: markers count the writes of the run, so that those of two steps differ."""
    return field_manager(history.newest.run, history.attempts_made() + 1)
