"""Is the evidence of a recorded decision what its entry says, and does this program understand it?

- Request and answer are kept, with the digests that the entry names; so are the input and the `result` in them.
- What the entry says of the decision is what the answer says; the answer is to this question.
- The input is what the entries before the decision give: a question holds no fact that the ledger does not.
- The input has the shape of `schemas/decision_input.json`, and no field more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson
from pydantic import ValidationError

from runbook_gate.canonical import sha256_hex
from runbook_gate.core.acceptance import members_of
from runbook_gate.models.decision import Decision
from runbook_gate.models.decision_input import DecisionInput
from runbook_gate.replay.outcomes import Obstacle
from runbook_gate.replay.records import Recorded
from runbook_gate.shapes import parse_object

_BEFORE: Final = b'{"input":'
_AFTER: Final = b"}"
_SCHEMA: Final = 1


@dataclass(frozen=True, slots=True)
class Question:
    """A recorded decision that can be replayed.

    Attributes:
        recorded: what its entry says.
        input: the exact bytes of the input.
        result: the exact bytes of the decision.
        decision: the same, parsed.
    """

    recorded: Recorded
    input: bytes
    result: bytes
    decision: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Refused:
    """Why it cannot."""

    recorded: Recorded
    obstacle: Obstacle
    detail: str


class _Refusal(Exception):
    def __init__(self, obstacle: Obstacle, detail: str) -> None:
        super().__init__(detail)
        self.obstacle: Obstacle = obstacle
        self.detail = detail


def examine(recorded: Recorded, evidence: Mapping[str, bytes]) -> Question | Refused:
    """Examine what is kept of a decision.

    Args:
        recorded: what its entry says.
        evidence: unchecked bytes by digest.
    """
    try:
        document = _input(recorded, _kept(evidence, recorded.request_sha256, "request"))
        result, decision = _result(recorded, _kept(evidence, recorded.answer_sha256, "answer"))
        _understood(document)
        _told(recorded)
    except _Refusal as refusal:
        return Refused(recorded, refusal.obstacle, refusal.detail)
    return Question(recorded, document, result, decision)


def _kept(evidence: Mapping[str, bytes], sha256: str, what: str) -> bytes:
    if sha256 not in evidence:
        raise _Refusal("evidence_missing", f"{what} {sha256} is not kept")
    if sha256_hex(evidence[sha256]) != sha256:
        raise _Refusal("evidence_altered", f"{what} {sha256} was altered")
    return evidence[sha256]


def _input(recorded: Recorded, body: bytes) -> bytes:
    document = body[len(_BEFORE) : -len(_AFTER)]
    framed = body.startswith(_BEFORE) and body.endswith(_AFTER)
    if not framed or sha256_hex(document) != recorded.input_sha256:
        raise _Refusal("record_disagrees", "the request does not hold the input that the entry names")
    return document


def _result(recorded: Recorded, body: bytes) -> tuple[bytes, Mapping[str, Any]]:
    try:
        result = members_of(body)["result"]
        Decision.model_validate_json(result)
        decision = orjson.loads(result)
        told = (decision["verdict"], decision["next"], tuple(sorted({one["code"] for one in decision["denials"]})))
        asked = tuple(decision[name] for name in ("run_id", "checkpoint", "ledger_head", "input_sha256"))
    except (ValueError, KeyError, TypeError):
        raise _Refusal("record_disagrees", "the answer holds no decision") from None
    if sha256_hex(result) != recorded.result_sha256:
        raise _Refusal("record_disagrees", "the answer does not hold the decision that the entry names")
    if told != (recorded.verdict, recorded.next, recorded.codes):
        raise _Refusal("record_disagrees", "the answer says something else than the entry")
    if asked != (recorded.run, recorded.checkpoint, recorded.head, recorded.input_sha256):
        raise _Refusal("record_disagrees", "the answer is to another question")
    return result, decision


def _told(recorded: Recorded) -> None:
    """Refuse an input that holds something else than the ledger, or leaves something of it out."""
    if recorded.told_sha256 != recorded.input_sha256:
        raise _Refusal("record_disagrees", "the input is not what the entries before it give")


def _understood(document: bytes) -> None:
    """Refuse an input with a field that this program does not know, or without one that it needs."""
    try:
        DecisionInput.model_validate_json(document)
    except ValidationError as fault:
        schema = parse_object(document).get("schema")
        if schema != _SCHEMA:
            raise _Refusal("older_schema", f"the input is not of schema {_SCHEMA}") from None
        first = fault.errors(include_input=False, include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise _Refusal("unknown_shape", f"input.{place}: {first['type']}") from None
