"""Is this answer of the gate one that may be acted on (design.md, the decision contract, 4)?

- One shape is accepted: HTTP 200, JSON, no `warning`, a `result` that `schemas/decision.json` describes.
- The answer is to this question: run, step, checkpoint, ledger head and the digest of the input are echoed.
- The answer is of the pinned policy: bundle revision and OPA version are those of the run.
- Everything else is no decision, with a code of its own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from json.decoder import scanstring
from typing import Any, NoReturn

from jsonschema import Draft202012Validator
from pydantic import ValidationError

from runbook_gate.errors import NoDecision
from runbook_gate.models.decision import Decision
from runbook_gate.models.runbook import Pins


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
        failure: name of a transport failure (`unreachable`, `timeout`, `redirect`, `too_large`), or None.
        status: HTTP status.
        content_type: the Content-Type header.
        body: the exact bytes.
    """

    failure: str | None
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
    members = _envelope(answer)
    if "warning" in members:
        _refuse("warning", "OPA answered with a warning, so the path or the input was not understood")
    if "result" not in members:
        _refuse("undefined", "OPA has no such document: the bundle lacks data.gate.decision")
    _same_policy(members, pins)
    decision = _decision(members["result"], schema)
    _same_question(question, decision)
    return Accepted(decision, members["result"])


def _refuse(code: str, message: str) -> NoReturn:
    raise NoDecision(f"no_decision.{code}", f"{message}.")


def _envelope(answer: RawAnswer) -> dict[str, bytes]:
    if answer.failure is not None:
        _refuse(answer.failure, f"OPA gave no answer: {answer.failure}")
    if answer.status is None or 300 <= answer.status < 400:
        _refuse("redirect", "OPA answered with a redirect")
    if answer.status != 200:
        _refuse("status", f"OPA answered HTTP {answer.status}")
    if answer.content_type.split(";")[0].strip().lower() != "application/json":
        _refuse("not_json", "OPA's answer does not say that it is JSON")
    try:
        return members_of(answer.body)
    except ValueError:
        _refuse("not_json", "OPA's answer is not a JSON object")


def _same_policy(members: Mapping[str, bytes], pins: Pins) -> None:
    provenance = json.loads(members.get("provenance", b"{}"))
    bundles = provenance.get("bundles") if isinstance(provenance, dict) else None
    revisions = [b.get("revision") for b in bundles.values()] if isinstance(bundles, dict) else []
    if revisions != [pins.content_sha256]:
        _refuse("wrong_bundle", "The sidecar serves another bundle than the one of this run")
    if provenance.get("version") != pins.opa_version:
        _refuse("wrong_opa", "The sidecar is another OPA version than the one of this run")


def _decision(result: bytes, schema: Mapping[str, Any]) -> Decision:
    document = json.loads(result)
    if not Draft202012Validator(schema).is_valid(document):
        _refuse("invalid", "OPA's result is not a decision as schemas/decision.json describes it")
    try:
        return Decision.model_validate(document)
    except ValidationError:
        _refuse("invalid", "OPA's result is not a decision as schemas/decision.json describes it")


def _same_question(question: Question, decision: Decision) -> None:
    for field in ("run_id", "step", "checkpoint", "ledger_head", "input_sha256"):
        if getattr(decision, field) != getattr(question, field):
            _refuse(f"wrong_{field}", f"OPA's answer is to another question: {field} differs")


def _strict_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError("duplicate key")
    return dict(pairs)


def members_of(body: bytes) -> dict[str, bytes]:
    """The members of a JSON object, each as its exact bytes.

    Args:
        body: UTF-8 JSON.

    Returns:
        Raw value by key.

    Raises:
        ValueError: if it is not an object, or a key stands twice at any depth.
    """
    text = body.decode("utf-8")
    if not isinstance(json.loads(text, object_pairs_hook=_strict_object, parse_constant=_no_constant), dict):
        raise ValueError("not an object")
    decoder, members, at = json.JSONDecoder(), {}, text.index("{") + 1
    while (at := _skip(text, at, ", \t\r\n")) < len(text) and text[at] != "}":
        key, at = scanstring(text, at + 1)
        start = _skip(text, at, ": \t\r\n")
        _, at = decoder.raw_decode(text, start)
        members[key] = text[start:at].encode("utf-8")
    return members


def _no_constant(_: str) -> NoReturn:
    raise ValueError("NaN and Infinity are not JSON")


def _skip(text: str, at: int, blanks: str) -> int:
    while at < len(text) and text[at] in blanks:
        at += 1
    return at
