"""Is this answer of the gate one that may be acted on (design.md, the decision contract, 4)?

- One shape is accepted: HTTP 200, JSON that strict reading admits, no `warning`, a `result` that
  `schemas/decision.json` describes and that has a canonical form, so that it can be recorded.
- The answer is to this question: run, step, checkpoint, ledger head and the digest of the input are echoed.
- The answer is of the pinned policy: exactly one bundle, its revision and the OPA version those of the run.
- Everything else is no decision, with a code of its own. No message holds a value of the answer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, NoReturn

from jsonschema import Draft202012Validator
from pydantic import ValidationError

from runbook_gate.canonical import canonical_bytes
from runbook_gate.documents import Limits, Malformed, load_document
from runbook_gate.errors import CanonicalError, NoDecision
from runbook_gate.models.decision import Decision
from runbook_gate.models.runbook import Pins
from runbook_gate.shapes import mapping

LARGEST_ANSWER: Final = 4 * 1024 * 1024
_LIMITS: Final = Limits(size=LARGEST_ANSWER)
_BLANKS: Final = " \t\r\n"

Failure = Literal["unreachable", "timeout", "incomplete", "too_large"]


@dataclass(frozen=True)
class Question:
    """What was asked: the input's echoed fields and digest."""

    run_id: str
    step: str
    checkpoint: str
    ledger_head: str
    input_sha256: str


@dataclass(frozen=True)
class RawAnswer:
    """What came back over the wire.

    Attributes:
        failure: why there is no whole answer, or None. unreachable: nothing came back; timeout: not all of it
            in time; incomplete: the connection ended within it; too_large: more than any decision needs.
        status: HTTP status; None with a failure.
        content_type: the Content-Type header.
        body: the exact bytes.
    """

    failure: Failure | None
    status: int | None
    content_type: str
    body: bytes


@dataclass(frozen=True)
class Accepted:
    """A decision, and the exact bytes of its `result`."""

    decision: Decision
    result: bytes


def accept(question: Question, answer: RawAnswer, pins: Pins, schema: Mapping[str, Any]) -> Accepted:
    """Accept an answer.

    Args:
        question: what was asked.
        answer: what came back.
        pins: the run's policy and OPA.
        schema: `schemas/decision.json`.

    Returns:
        The decision.

    Raises:
        NoDecision: with a code `no_decision.*`, for anything but the one shape.
    """
    members = _members(answer)
    if "warning" in members:
        _refuse("warning", "OPA answered with a warning, so the path or the input was not understood")
    if "result" not in members:
        _refuse("undefined", "OPA has no such document: the bundle lacks data.gate.decision")
    _same_policy(mapping(members.get("provenance")), pins)
    decision = _decision(members["result"], schema)
    _same_question(question, decision)
    return Accepted(decision, members_of(answer.body)["result"])


def served_by(answer: RawAnswer) -> tuple[str, str | None]:
    """OPA's version, and the revision of the one bundle that it serves, whatever it answered.

    Returns:
        The version; the revision, or None if it serves no bundle or several.

    Raises:
        NoDecision: with a code `no_decision.*`, if there is no answer or it does not say.
    """
    provenance = mapping(_members(answer).get("provenance"))
    version, revisions = provenance.get("version"), _revisions(provenance)
    if not isinstance(version, str) or not version:
        _refuse("wrong_opa", "OPA does not state its version")
    return version, revisions[0] if len(revisions) == 1 else None


def members_of(body: bytes) -> dict[str, bytes]:
    """The members of a JSON object, each as its exact bytes.

    Args:
        body: UTF-8 JSON.

    Returns:
        Raw value by key.

    Raises:
        ValueError: if it is not an object, or a key stands twice in it.
    """
    text = body.decode("utf-8")
    members, at, decoder = dict[str, bytes](), 0, json.JSONDecoder()
    try:
        json.loads(text)
        while (at := _skip(text, at, "{,")) < len(text) and text[at] != "}":
            key, at = decoder.raw_decode(text, at)
            start = _skip(text, at, ":")
            _, at = decoder.raw_decode(text, start)
            if not isinstance(key, str) or key in members:
                raise ValueError("not an object, or a key stands twice")
            members[key] = text[start:at].encode("utf-8")
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return members


def _refuse(code: str, message: str) -> NoReturn:
    raise NoDecision(f"no_decision.{code}", f"{message}.")


def _members(answer: RawAnswer) -> Mapping[str, Any]:
    if answer.failure is not None or answer.status is None:
        failure = answer.failure or "unreachable"
        _refuse(failure, f"OPA gave no answer: {failure.replace('_', ' ')}")
    if 300 <= answer.status < 400:
        _refuse("redirect", "OPA answered with a redirect, which is not followed")
    if answer.status != 200:
        _refuse("status", f"OPA answered HTTP {answer.status}")
    if answer.content_type.split(";")[0].strip().lower() != "application/json":
        _refuse("not_json", "OPA's answer does not say that it is JSON")
    try:
        document = load_document(answer.body, source="answer.json", limits=_LIMITS)
    except Malformed as fault:
        _refuse(fault.problem, f"OPA's answer cannot be read: {fault}")
    if not isinstance(document, dict):
        _refuse("not_json", "OPA's answer is not a JSON object")
    return document


def _same_policy(provenance: Mapping[str, Any], pins: Pins) -> None:
    if _revisions(provenance) != [pins.content_sha256]:
        _refuse("wrong_bundle", "The sidecar serves another bundle than the one of this run")
    if provenance.get("version") != pins.opa_version:
        _refuse("wrong_opa", "The sidecar is another OPA version than the one of this run")


def _revisions(provenance: Mapping[str, Any]) -> list[Any]:
    return [mapping(bundle).get("revision") for bundle in mapping(provenance.get("bundles")).values()]


def _decision(result: object, schema: Mapping[str, Any]) -> Decision:
    try:
        canonical_bytes(result)
        if Draft202012Validator(schema).is_valid(result):
            return Decision.model_validate(result)
    except (CanonicalError, ValidationError):
        pass  # refused below: the errors would print values
    _refuse("invalid", "OPA's result is not a decision as schemas/decision.json describes it")


def _same_question(question: Question, decision: Decision) -> None:
    for field in ("run_id", "step", "checkpoint", "ledger_head", "input_sha256"):
        if getattr(decision, field) != getattr(question, field):
            _refuse(f"wrong_{field}", f"OPA's answer is to another question: {field} differs")


def _skip(text: str, at: int, signs: str) -> int:
    while at < len(text) and text[at] in signs + _BLANKS:
        at += 1
    return at
