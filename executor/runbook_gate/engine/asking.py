"""Asks the gate, judges the answer, and records both before anything is done."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial

from runbook_gate.core import fence
from runbook_gate.core.decision_input import decision_input
from runbook_gate.core.history import History
from runbook_gate.engine.journal import Journal
from runbook_gate.errors import NoDecision
from runbook_gate.gate.client import Exchange, Gate
from runbook_gate.ledger import Draft
from runbook_gate.models.bodies import DecisionBody, NoDecisionBody
from runbook_gate.models.decision import Checkpoint, Decision
from runbook_gate.models.entry import Entry
from runbook_gate.models.runbook import Pins


@dataclass(frozen=True)
class Answered:
    """An accepted decision inside the fence, with its entry."""

    decision: Decision
    entry: Entry


class Asker:
    """Asks the gate on behalf of one run.

    Args:
        journal: the run's ledger.
        gate: who decides.
        admit: the effect's own fence; raises NoDecision with a code `fence.*`.
        intend: the intent that a decision calls for, or None. Asked once the decision has its entry.
        awaiting: makes the block in which the answer is awaited.
        measure: the pins with what is known of the OPA that answers now.
    """

    def __init__(
        self,
        journal: Journal,
        gate: Gate,
        *,
        admit: Callable[[History, Decision], None],
        intend: Callable[[History, Decision, Entry], Draft | None],
        awaiting: Callable[[], AbstractContextManager[None]] = nullcontext,
        measure: Callable[[Pins], Pins] = lambda pins: pins,
    ) -> None:
        self._journal, self._gate, self._admit, self._intend = journal, gate, admit, intend
        self._awaiting, self._measure = awaiting, measure

    def ask(self, checkpoint: Checkpoint) -> Answered:
        """Ask one checkpoint.

        Returns:
            The decision, recorded together with the intent that it calls for.

        Raises:
            NoDecision: recorded, nothing done.
            LedgerUnwritable: nothing recorded; also if the head of the intent could not leave the host.
        """
        history = self._journal.history
        step = history.step
        document = decision_input(history, checkpoint, step)
        with self._awaiting():
            exchange = self._gate.ask(document, history.pins)
        try:
            decision = self._judge(history, exchange)
        except NoDecision as refused:
            self._record_refusal(exchange, refused, checkpoint, step)
            raise
        draft = Draft(
            kind="decision",
            body=_body(exchange, self._measure(history.pins), decision).model_dump(mode="json"),
            checkpoint=decision.checkpoint,
            step=step,
        )
        if history.opened.routing.effects.get(decision.next.action) == "write":
            self._journal.heads.check()
        entry = self._journal.answered(exchange, draft, partial(self._intend, history, decision))
        return Answered(decision, entry)

    def _judge(self, history: History, exchange: Exchange) -> Decision:
        if isinstance(exchange.outcome, NoDecision):
            raise exchange.outcome
        decision = exchange.outcome.decision
        fence.check(history, decision)
        self._admit(history, decision)
        return decision

    def _record_refusal(self, exchange: Exchange, refused: NoDecision, checkpoint: Checkpoint, step: str) -> None:
        body = NoDecisionBody(code=refused.code, request=exchange.request, answer=exchange.answer)
        draft = Draft(kind="no_decision", body=body.model_dump(mode="json"), checkpoint=checkpoint, step=step)
        self._journal.answered(exchange, draft)


def _body(exchange: Exchange, pins: Pins, decision: Decision) -> DecisionBody:
    return DecisionBody(
        request=exchange.request,
        answer=exchange.answer,
        pins=pins,
        verdict=decision.verdict,
        next=decision.next,
        codes=sorted({denial.code for denial in decision.denials}),
    )
