"""The mutants of a small policy, and what the tests of the real ones make of a few."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tools.mutants.mutations import Mutant, mutants
from tools.mutants.survivors import complaints, listed, title
from tools.mutants.trial import Trial, survives, trial

from runbook_gate.binaries import find_tool

ROOT = Path(__file__).resolve().parents[2]
LINEAGE = "policies/checks/lineage/lineage.rego"
SMALL = """package small

import future.keywords.not

default open := false

open if {
	some one in input.ones
	one.number >= 7
	not one.closed
}

kind(one) := "big" if {
	every part in one.parts { part != null }
} else := "small"
"""
NAMES = [
    "import: remove import future.keywords.not",
    "open: remove default open := false",
    "open: false -> true in the head of default",
    "open: remove open if { some one in input.ones one.number >= 7 not one.closed }",
    "open: remove some one in input.ones",
    "open: other quantifier in some one in input.ones one.number >= 7 not one.closed",
    "open: remove one.number >= 7",
    "open: negate one.number >= 7",
    "open: >= -> > in one.number >= 7",
    "open: >= -> <= in one.number >= 7",
    "open: 7 -> 8 in one.number >= 7",
    "open: remove not one.closed",
    "open: negate not one.closed",
    'kind: remove kind(one) := "big" if { every part in one.parts { part != null } } else := "small"',
    'kind: "big" -> "bigx" in the head of kind(one) := "big" if {',
    "kind: remove every part in one.parts { part != null }",
    "kind: other quantifier in every part in one.parts { part != null }",
    "kind: remove part != null",
    "kind: negate part != null",
    "kind: != -> == in part != null",
    "kind: null -> false in part != null",
    'kind: remove else := "small"',
    'kind: "small" -> "smallx" in the head of else := "small"',
]


def of(file: str) -> dict[str, Mutant]:
    return {one.name: one for one in mutants(ROOT, file, find_tool("opa"))}


@pytest.fixture(scope="module")
def tried() -> Iterator[Trial]:
    with trial(ROOT, find_tool("opa")) as one:
        yield one


def test_each_change_is_made_once(tmp_path: Path) -> None:
    (tmp_path / "small.rego").write_text(SMALL, encoding="utf-8")
    found = mutants(tmp_path, "small.rego", find_tool("opa"))
    assert [one.name for one in found] == NAMES
    assert len({one.text for one in found} | {SMALL}) == len(NAMES) + 1


def test_the_change_is_in_the_text(tmp_path: Path) -> None:
    (tmp_path / "small.rego").write_text(SMALL, encoding="utf-8")
    found = {one.name: one.text for one in mutants(tmp_path, "small.rego", find_tool("opa"))}
    assert found["open: negate one.number >= 7"] == SMALL.replace("one.number >= 7", "not one.number >= 7")
    assert found["open: remove not one.closed"] == SMALL.replace("not one.closed", "")
    assert found["kind: other quantifier in every part in one.parts { part != null }"] == SMALL.replace(
        "every part in one.parts { part != null }", "some part in one.parts\n\tpart != null"
    )


KILLED = ["pass: remove _evidence_kept", "_newer: > -> >= in input.observed.gather.seq > newest.seq"]


@pytest.mark.parametrize("name", KILLED)
def test_a_careless_edit_is_killed(tried: Trial, name: str) -> None:
    mutant = of(LINEAGE)[name]
    assert tried.outcome(mutant) == "killed"
    assert not survives(ROOT, find_tool("opa"), mutant)


def test_an_edit_without_effect_survives(tried: Trial) -> None:
    file = "policies/checks/attempt_order/attempt_order.rego"
    mutant = of(file)["import: remove import future.keywords.not"]
    assert tried.outcome(mutant) == "survived"
    assert survives(ROOT, find_tool("opa"), mutant)


def test_what_does_not_compile_is_none(tried: Trial) -> None:
    assert tried.outcome(of(LINEAGE)["_decided: remove some block in input.lineage"]) == "uncompilable"


def test_the_list_speaks_of_mutants_that_there_are() -> None:
    files = {name.split(": ", 1)[0] for name in listed()}
    there = {title(one) for file in files for one in of(file).values()}
    assert listed().keys() - there == set()
    assert [name for name, reason in listed().items() if len(reason) < 20] == []


def test_the_list_is_neither_too_short_nor_too_long() -> None:
    outcomes = {"a": "survived", "b": "killed", "c": "survived", "d": "uncompilable"}
    assert complaints(outcomes, {"a": "why", "c": "why"}) == []
    assert complaints(outcomes, {"b": "why", "c": "why", "e": "why"}) == [
        "survives, and no reason is given: a",
        "is listed, and killed: b",
        "is listed, and not there: e",
    ]
