"""Writes the last entry of a run, with its completion record or its escalation packet."""

from __future__ import annotations

import json
from collections.abc import Sequence

from runbook_gate.canonical import canonical_bytes
from runbook_gate.core.acceptance import members_of
from runbook_gate.core.history import History
from runbook_gate.engine.journal import Journal
from runbook_gate.errors import LedgerBroken, UnknownRecord
from runbook_gate.ledger import Draft, Finished
from runbook_gate.models.bodies import CompletedBody, DecisionBody, EscalatedBody
from runbook_gate.models.completion import CompletionRecord
from runbook_gate.models.decision import Checkpoint, Denial
from runbook_gate.models.params import FinishParams
from runbook_gate.packet import build

DEADLINE_CODE = "executor.deadline_no_decision"


def conclude(journal: Journal) -> Finished:
    """Finish the record of a run whose newest decision is `complete` or `escalate`."""
    history = journal.history
    entry = history.decision
    if entry is None:
        raise LedgerBroken("The run has no decision that could have ended it.")
    decided = DecisionBody.model_validate(entry.body)
    if decided.verdict == "complete":
        body = CompletedBody(decision=entry.sha256, record=FinishParams.model_validate(decided.next.params)).model_dump(
            mode="json"
        )
        draft = Draft(kind="completed", body=body, checkpoint="cp4", step=entry.step)
        return journal.finish(draft, _completion)
    escalated = EscalatedBody(
        origin=entry.checkpoint or "cp0",
        codes=decided.codes,
        decision=entry.sha256,
        write_in_doubt=bool(decided.next.params.get("write_in_doubt", True)),
        basis="decision",
        at_ms=entry.at_ms,
    )
    return _escalate(journal, escalated, _denials(journal, decided))


def conclude_without_decision(
    journal: Journal, checkpoint: Checkpoint, now_ms: int, fault: Exception | None = None
) -> Finished:
    """End a run past its deadline for which no decision is to be had. Stopping needs no go.

    Args:
        journal: the run.
        checkpoint: where it came to its end.
        now_ms: wall clock, milliseconds since the epoch.
        fault: what kept it from a decision, if anything was raised.
    """
    escalated = EscalatedBody.model_validate(
        {
            "origin": checkpoint,
            "codes": [DEADLINE_CODE],
            "decision": None,
            "write_in_doubt": _unsettled(journal.history),
            "basis": "deadline_no_decision",
            "at_ms": now_ms,
        }
    )
    return _escalate(journal, escalated, [_no_decision(journal.history, fault)])


def _unsettled(history: History) -> bool:
    """Whether a write was intended that no later cp2 decision let pass."""
    intent = history.last("intent")
    passed = [e for e in history.decisions() if e.checkpoint == "cp2" and e.body["verdict"] == "proceed"]
    return intent is not None and not any(entry.seq > intent.seq for entry in passed)


def _no_decision(history: History, fault: Exception | None) -> Denial:
    refused = sorted({entry.body["code"] for entry in history.entries if entry.kind == "no_decision"})
    return Denial(
        code=DEADLINE_CODE,
        message="The run's deadline passed with no decision to be had from the gate",
        solution="Mend what the codes name, look at the namespace, and submit a superseding task.",
        facts={"no_decision": refused, **({"fault": type(fault).__name__} if fault else {})},
    )


def _escalate(journal: Journal, body: EscalatedBody, denials: Sequence[Denial]) -> Finished:
    draft = Draft(
        kind="escalated",
        body=body.model_dump(mode="json"),
        checkpoint="cp4",
        step=journal.history.newest.step,
    )
    return journal.finish(draft, lambda history: canonical_bytes(build.build(history, denials).model_dump(mode="json")))


def _completion(history: History) -> bytes:
    completed, opened = history.newest, history.opened
    record = CompletionRecord(
        schema_=1,
        run=completed.run,
        task=completed.task,
        runbook=completed.runbook,
        target_key=opened.target_key,
        completed_ms=completed.at_ms,
        attempts=history.attempts_made(),
        verified=CompletedBody.model_validate(completed.body).record,
        ledger_head=completed.sha256,
        policy_sha256=history.pins.content_sha256,
    )
    return canonical_bytes(record.model_dump(mode="json"))


def _denials(journal: Journal, decided: DecisionBody) -> list[Denial]:
    try:
        answer = journal.store.evidence.get(decided.answer.body_sha256 or "")
    except (UnknownRecord, LedgerBroken):
        return [_unexplained(code) for code in decided.codes]
    result = json.loads(members_of(answer)["result"])
    return [Denial.model_validate(denial) for denial in result["denials"]]


def _unexplained(code: str) -> Denial:
    return Denial(
        code=code,
        message="The evidence of this decision is lost",
        solution="Run `runbook-gate ledger verify`; the code says what was decided.",
        facts={},
    )
