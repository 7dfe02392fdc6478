"""Writes the last entry of a run, with its completion record or its escalation packet."""

from __future__ import annotations

from functools import partial

from runbook_gate.core.history import History
from runbook_gate.engine.journal import Journal
from runbook_gate.errors import LedgerBroken, UnknownRecord
from runbook_gate.ledger import Draft, Finished
from runbook_gate.models.bodies import CompletedBody, DecisionBody, EscalatedBody
from runbook_gate.models.decision import Checkpoint
from runbook_gate.models.params import FinishParams
from runbook_gate.packet.record import DEADLINE_CODE, record


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
        return journal.finish(draft, record)
    escalated = EscalatedBody(
        origin=entry.checkpoint or "cp0",
        codes=decided.codes,
        decision=entry.sha256,
        write_in_doubt=bool(decided.next.params.get("write_in_doubt", True)),
        basis="decision",
        at_ms=entry.at_ms,
    )
    return _escalate(journal, escalated, answer=_answer(journal, decided))


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
    return _escalate(journal, escalated, fault=type(fault).__name__ if fault else None)


def _unsettled(history: History) -> bool:
    """Whether a write was intended that no later cp2 decision let pass."""
    intent = history.last("intent")
    passed = [e for e in history.decisions() if e.checkpoint == "cp2" and e.body["verdict"] == "proceed"]
    return intent is not None and not any(entry.seq > intent.seq for entry in passed)


def _escalate(
    journal: Journal, body: EscalatedBody, *, answer: bytes | None = None, fault: str | None = None
) -> Finished:
    draft = Draft(
        kind="escalated",
        body=body.model_dump(mode="json"),
        checkpoint="cp4",
        step=journal.history.newest.step,
    )
    return journal.finish(draft, partial(record, answer=answer, fault=fault))


def _answer(journal: Journal, decided: DecisionBody) -> bytes | None:
    """The answer that escalates; None if it is lost."""
    try:
        return journal.store.evidence.get(decided.answer.body_sha256 or "")
    except (UnknownRecord, LedgerBroken):
        return None
