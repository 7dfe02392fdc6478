"""One question, and what becomes of an answer to it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.fakes.gate import PINS

from runbook_gate import resources
from runbook_gate.canonical import gate_bytes, sha256_hex
from runbook_gate.core.acceptance import Accepted, Question, RawAnswer, accept
from runbook_gate.errors import NoDecision

# Of the input only what the answer echoes matters here.
DOCUMENT: dict[str, Any] = {"run_id": "01kq3v", "step": "restore", "checkpoint": "cp0", "ledger_head": "e" * 64}
QUESTION = Question("01kq3v", "restore", "cp0", "e" * 64, sha256_hex(gate_bytes(DOCUMENT)))


def raw(document: object) -> RawAnswer:
    """An answer with this document as its body."""
    return RawAnswer(None, 200, "application/json", json.dumps(document).encode())


def accepted(answer: RawAnswer) -> Accepted:
    """Accept an answer to the question."""
    return accept(QUESTION, answer, PINS, resources.schema("decision"))


def refusal(answer: RawAnswer) -> str:
    """The code with which an answer is refused."""
    with pytest.raises(NoDecision) as refused:
        accepted(answer)
    return refused.value.code
