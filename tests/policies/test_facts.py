"""Facts of an input by pattern, and changes of data, each with its path."""

from __future__ import annotations

from typing import Any

import pytest

from runbook_gate.policy.changes import changes
from runbook_gate.policy.facts import at
from runbook_gate.policy.words import words

DOCUMENT = {"now_ms": 7, "rounds": [{"seq": 3}, {"seq": 5}], "labels": {"a/b": None}, "none": []}


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("now_ms", {"input.now_ms": 7}),
        ("rounds.*.seq", {"input.rounds[0].seq": 3, "input.rounds[1].seq": 5}),
        ("labels.*", {'input.labels["a/b"]': None}),
        ("none.*.seq", {"input.none.*.seq": None}),
        ("nowhere", {"input.nowhere": None}),
        ("now_ms.deeper", {"input.now_ms.deeper": None}),
    ],
)
def test_a_pattern_names_facts_as_policies_write_them(pattern: str, found: dict[str, Any]) -> None:
    assert at(DOCUMENT, pattern) == found


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ({"retry_budget": 1}, {"retry_budget": 2}, ["write attempts of each step, in all: 1 -> 2"]),
        ({"duration_ms": 600_000}, {"duration_ms": 900_000}, ["deadline of a run: 600 s -> 900 s"]),
        (
            {"limits_ms": {"go": 1}},
            {"limits_ms": {"go": 1, "skew": 500}},
            ["skew: largest difference of clocks: 0.5 s; it was not stated"],
        ),
        ({"audit": "x"}, {}, ["audit evidence of the probes: no longer stated; it was x"]),
        ({"audit": "required"}, {"audit": None}, ["audit evidence of the probes: required -> null"]),
        (
            {"sources": ["a", "b"]},
            {"sources": ["b", "c"]},
            ["registers that are read: no longer a", "registers that are read: c, too"],
        ),
        ({"steps": ["a", "b"]}, {"steps": ["b", "a"]}, ["steps: a, b -> b, a"]),
        ({"rounds": 1}, {"rounds": True}, ["good rounds in a row: 1 -> true"]),
        (
            {"probes": [{"name": "P1", "pod": "a"}, {"name": "P2", "pod": "a"}]},
            {"probes": [{"name": "P2", "pod": "b"}]},
            ["probe P1: no longer stated; it was name P1, pod a", "probe P2, pod: a -> b"],
        ),
        ({"same": [1, {"a": []}]}, {"same": [1, {"a": []}]}, []),
    ],
)
def test_each_value_that_changes_is_told_in_words(old: Any, new: Any, told: list[str]) -> None:
    assert [words(change) for change in changes(old, new)] == told


def test_checks_and_answers_are_told_in_sentences() -> None:
    def table(checks: list[str], **answers: str) -> dict[str, Any]:
        return {"checkpoints": {"restore": {"cp1": {"checks": checks, "answers": answers}}}}

    old = table(["a", "b"], gone="wait", other="wait")
    new = table(["b", "c"], other="retry", fresh="retry")
    assert [words(change) for change in changes(old, new)] == [
        "cp1 no longer asks a",
        "cp1 asks c; it did not before",
        "at cp1 gone is final; it was answered with wait",
        "at cp1 other is answered with retry; it was answered with wait",
        "at cp1 fresh is answered with retry; it was final",
    ]
    assert [words(change) for change in changes(table(["a", "b"]), table(["b", "a"]))] == [
        "cp1 asks its checks in another order"
    ]
