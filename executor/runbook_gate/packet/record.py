"""What an ended run leaves: its completion record or its escalation packet, as a pure function of its record.

Whoever ends a run and whoever doubts what it left make it in the same way.
"""

from __future__ import annotations

import json
from typing import Final

from runbook_gate.canonical import canonical_bytes
from runbook_gate.core.acceptance import members_of
from runbook_gate.core.history import History
from runbook_gate.models.bodies import CompletedBody, EscalatedBody
from runbook_gate.models.completion import CompletionRecord
from runbook_gate.models.decision import Denial
from runbook_gate.packet.build import build

DEADLINE_CODE: Final = "executor.deadline_no_decision"


def record(history: History, answer: bytes | None = None, fault: str | None = None) -> bytes:
    """Make the completion record, or the packet.

    Args:
        history: the run, its last entry `completed` or `escalated`.
        answer: body of the answer that escalated; None if there was none, or it is lost.
        fault: class of what kept a run past its deadline from a decision, if anything was raised.

    Returns:
        Its canonical bytes.

    Raises:
        ValueError: if the answer holds no decision.
    """
    if history.newest.kind == "completed":
        return canonical_bytes(_completion(history).model_dump(mode="json"))
    return canonical_bytes(build(history, _denials(history, answer, fault)).model_dump(mode="json"))


def _completion(history: History) -> CompletionRecord:
    completed, opened = history.newest, history.opened
    return CompletionRecord(
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


def _denials(history: History, answer: bytes | None, fault: str | None) -> list[Denial]:
    body = EscalatedBody.model_validate(history.newest.body)
    if body.basis == "deadline_no_decision":
        return [_no_decision(history, fault)]
    if answer is None:
        return [_unexplained(code) for code in body.codes]
    result = json.loads(members_of(answer)["result"])
    return [Denial.model_validate(denial) for denial in result["denials"]]


def _no_decision(history: History, fault: str | None) -> Denial:
    refused = sorted({entry.body["code"] for entry in history.entries if entry.kind == "no_decision"})
    return Denial(
        code=DEADLINE_CODE,
        message="The run's deadline passed with no decision to be had from the gate",
        solution="Mend what the codes name, look at the namespace, and submit a superseding task.",
        facts={"no_decision": refused, **({"fault": fault} if fault else {})},
    )


def _unexplained(code: str) -> Denial:
    return Denial(
        code=code,
        message="The evidence of this decision is lost",
        solution="Run `runbook-gate ledger verify`; the code says what was decided.",
        facts={},
    )
