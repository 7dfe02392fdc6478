"""The decision in an answer: of the published shape, recordable, and to this very question."""

from __future__ import annotations

from typing import Any

import pytest
from tests.core.questions import DOCUMENT, QUESTION, accepted, raw, refusal
from tests.fakes.gate import decision, envelope

from runbook_gate.models.decision import Decision

DENIAL: dict[str, Any] = {
    "code": "waiver_absence.open_waiver",
    "message": "A waiver is open",
    "solution": "Close it.",
    "facts": {"input.opened": None},
}
NEXT: dict[str, Any] = decision(DOCUMENT)["next"]
INVALID = "no_decision.invalid"


def answered(**changes: Any) -> str:
    return refusal(raw(envelope(decision(DOCUMENT, **changes))))


def without(document: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in document.items() if key != name}


def test_a_good_decision_is_accepted_whole() -> None:
    document = decision(DOCUMENT, verdict="escalate", denials=[DENIAL])
    assert accepted(raw(envelope(document))).decision == Decision.model_validate(document)


@pytest.mark.parametrize("name", Decision.model_json_schema(by_alias=True)["required"])
def test_every_member_is_required(name: str) -> None:
    assert refusal(raw(envelope(without(decision(DOCUMENT), name)))) == INVALID


@pytest.mark.parametrize("name", list(NEXT))
def test_every_member_of_next_is_required(name: str) -> None:
    assert answered(next=without(NEXT, name)) == INVALID


@pytest.mark.parametrize("name", list(DENIAL))
def test_every_member_of_a_denial_is_required(name: str) -> None:
    assert answered(denials=[without(DENIAL, name)]) == INVALID


@pytest.mark.parametrize("result", [None, [], "proceed", 1, True, {}, [decision(DOCUMENT)]])
def test_a_result_that_is_no_decision(result: object) -> None:
    assert refusal(raw(envelope(result))) == INVALID


@pytest.mark.parametrize(
    "changes",
    [
        {"extra": 1},
        {"schema": 2},
        {"schema": "1"},
        {"schema": True},
        {"verdict": "go"},
        {"verdict": "Proceed"},
        {"verdict": None},
        {"checkpoint": "cp5"},
        {"run_id": 1},
        {"ledger_head": "e" * 63},
        {"ledger_head": "E" * 64},
        {"ledger_head": "e" * 64 + "\n"},
        {"input_sha256": None},
        {"runbook": None},
        {"next": None},
        {"next": {**NEXT, "extra": 1}},
        {"next": {**NEXT, "checkpoint": "cp9"}},
        {"next": {**NEXT, "checkpoint": ""}},
        {"next": {**NEXT, "until_ms": "1784635200000"}},
        {"next": {**NEXT, "until_ms": True}},
        {"next": {**NEXT, "params": None}},
        {"next": {**NEXT, "params": []}},
        {"denials": None},
        {"denials": {}},
        {"denials": [{**DENIAL, "extra": 1}]},
        {"denials": [{**DENIAL, "code": "open_waiver"}]},
        {"denials": [{**DENIAL, "code": "Waiver.open"}]},
        {"denials": [{**DENIAL, "code": "a.b.c"}]},
        {"denials": [{**DENIAL, "code": "a.b\n"}]},
        {"denials": [{**DENIAL, "code": ""}]},
        {"denials": [{**DENIAL, "facts": []}]},
        {"denials": [DENIAL, None]},
    ],
    ids=str,
)
def test_another_shape_is_no_decision(changes: dict[str, Any]) -> None:
    assert answered(**changes) == INVALID


@pytest.mark.parametrize(
    ("code", "value"),
    [
        ("no_decision.float", 1.5),
        ("no_decision.float", 1e300),
        ("no_decision.big_integer", 2**53),
        ("no_decision.surrogate", "\ud800"),
        (INVALID, {"naïve": 1}),
    ],
)
def test_what_could_not_be_recorded_is_no_decision(code: str, value: object) -> None:
    assert answered(next={**NEXT, "params": {"x": value}}) == code
    assert answered(denials=[{**DENIAL, "facts": {"x": value}}]) == code


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("run_id", "01kq3w"),
        ("step", "other"),
        ("checkpoint", "cp1"),
        ("ledger_head", "f" * 64),
        ("input_sha256", "f" * 64),
    ],
)
def test_an_answer_to_another_question_is_no_decision(field: str, value: str) -> None:
    assert getattr(QUESTION, field) != value
    assert answered(**{field: value}) == f"no_decision.wrong_{field}"
