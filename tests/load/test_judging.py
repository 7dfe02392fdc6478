"""What counts as wrong about a load is found."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.load.flat import LIMIT, beyond
from tests.load.judging import EXCUSES, Ended, misdone
from tests.load.strokes import API_SERVER, POSTGRESQL, SIDECAR, WORKER

DENIALS = Path(__file__).parents[2] / "docs" / "denials.md"
TASKS = ["task-1", "task-2"]
COMPLETE = [Ended(task, "complete") for task in TASKS]
ALL = {WORKER: 1, SIDECAR: 1, API_SERVER: 1, POSTGRESQL: 1}


def escalated(*codes: str) -> list[Ended]:
    return [COMPLETE[0], Ended("task-2", "escalated", frozenset(codes))]


def test_nothing_is_wrong() -> None:
    assert misdone(TASKS, COMPLETE, {}) == []
    assert misdone(TASKS, COMPLETE, ALL) == []


@pytest.mark.parametrize(
    ("runs", "sentence"),
    [
        (COMPLETE[:1], "task task-2 has no run"),
        ([*COMPLETE, COMPLETE[1]], "task task-2 has 2 runs"),
        ([*COMPLETE, Ended("task-3", "complete")], "nobody submitted task task-3"),
        ([COMPLETE[0], Ended("task-2", "active")], "the run of task task-2 is active for []"),
        (escalated(), "the run of task task-2 is escalated for []"),
    ],
)
@pytest.mark.parametrize("struck", [{}, ALL], ids=["without faults", "with faults"])
def test_a_run_that_is_missing_twice_there_or_not_ended(
    runs: list[Ended], sentence: str, struck: dict[str, int]
) -> None:
    assert misdone(TASKS, runs, struck) == [sentence]


@pytest.mark.parametrize("code", EXCUSES)
def test_without_faults_no_escalation_is_right(code: str) -> None:
    assert misdone(TASKS, escalated(code), {}) == [f"the run of task task-2 is escalated for ['{code}']"]


def test_with_faults_an_escalation_is_right_for_what_they_can_cause() -> None:
    away = "namespace_identity.unanswered"
    forbidden = "namespace_identity.unreadable"
    assert misdone(TASKS, escalated(forbidden), ALL) == []
    assert misdone(TASKS, escalated(forbidden, away), ALL) == []
    assert misdone(TASKS, escalated("retry_eligibility.budget_spent"), {WORKER: 1}) == []


@pytest.mark.parametrize(
    ("codes", "struck"),
    [
        (["drift_agreement.foreign_value"], ALL),
        (["namespace_identity.unreadable", "drift_agreement.foreign_value"], ALL),
        (["gate.deadline_passed"], ALL),
        (["executor.deadline_no_decision"], ALL),
        (["namespace_identity.unanswered"], ALL),
        (["namespace_identity.unreadable"], {WORKER: 1, SIDECAR: 1, POSTGRESQL: 1}),
        (["retry_eligibility.budget_spent"], {SIDECAR: 1}),
    ],
)
def test_with_faults_an_escalation_is_wrong_for_anything_else(codes: list[str], struck: dict[str, int]) -> None:
    assert misdone(TASKS, escalated(*codes), struck) == [
        f"the run of task task-2 is escalated for {sorted(codes)}",
    ]


def test_what_is_excused_is_a_code_that_v3_waits_for_unless_it_ends_a_run() -> None:
    sections = dict(part.split("\n", 1) for part in DENIALS.read_text(encoding="utf-8").split("\n### ")[1:])
    answers = {code: "MKS-PSA-Label-Restore-v3: wait" not in sections[code] for code in EXCUSES}
    assert answers == {code: excuse.alone for code, excuse in EXCUSES.items()}


def test_a_fault_that_never_struck() -> None:
    assert misdone(TASKS, COMPLETE, {**ALL, SIDECAR: 0}) == ["no sidecar killed, though it was asked for"]


def test_a_full_store_that_costs_too_much() -> None:
    told = {"sqlite": {"ratio": {"run": LIMIT, "claim": 0.9}}, "postgresql": {"ratio": {"run": 1.21}}}
    assert beyond(told) == ["postgresql: run costs 1.21 times as much, more than 1.2"]
