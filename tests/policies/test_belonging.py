"""What belongs together: checks, codes, runbooks, fixtures and tests. Nothing lacks and nothing is too many."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.policies.annotations import annotated, denials
from tests.policies.decision_cases import CASES, ROOT, Case, load

POLICIES, TESTS = ROOT / "policies", ROOT / "policy-tests"
CHECKS = {folder.name for folder in (POLICIES / "checks").iterdir() if folder.is_dir()}
RUNBOOKS: dict[str, Any] = {
    file.parent.name: yaml.safe_load(file.read_text(encoding="utf-8"))
    for file in (POLICIES / "runbooks").glob("*/data.yaml")
}
# What only a broken bundle can say; policy-tests/gate breaks one.
OF_A_BROKEN_BUNDLE = {"gate.check_silent", "gate.action_undecided"}


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    return load()


@pytest.fixture(scope="module")
def codes() -> Mapping[str, Path]:
    """Every code that the policies can say, with its file."""
    return {one.annotations["custom"]["code"]: one.file for one in denials()}


def tables() -> list[tuple[str, str, dict[str, Any]]]:
    """The table of every checkpoint of every revision."""
    return [
        (name, checkpoint, table)
        for name, runbook in RUNBOOKS.items()
        for of_step in runbook["checkpoints"].values()
        for checkpoint, table in of_step.items()
    ]


def test_a_code_has_one_rule_with_a_title_and_a_solution(codes: Mapping[str, Path]) -> None:
    assert [
        code for code, times in Counter(one.annotations["custom"]["code"] for one in denials()).items() if times > 1
    ] == []
    assert [
        one.rule for one in denials() if not (one.annotations["title"] and one.annotations["custom"]["solution"])
    ] == []
    assert {code: file for code, file in codes.items() if code.split(".")[0] != file.parent.name} == {}


def test_a_title_is_of_one_denial() -> None:
    titles = Counter((one.rule, one.annotations["title"]) for one in denials())
    assert [title for title, times in titles.items() if times > 1] == []


def test_every_check_says_what_it_wants_and_what_is_missing() -> None:
    rules = {one.rule for one in annotated()}
    assert {check for check in CHECKS if f"data.checks.{check}.pass" not in rules} == set()
    assert {one.file.parent.name for one in denials()} == CHECKS | {"gate"}


def test_every_check_is_named_by_a_runbook_and_every_named_check_is_there() -> None:
    assert {check for _, _, table in tables() for check in table["checks"]} == CHECKS


def test_every_check_has_a_good_case_at_each_checkpoint_that_asks_it(cases: list[Case]) -> None:
    asked = {
        (case.input["checkpoint"], check)
        for case in cases
        if case.path.startswith("pass/")
        for name, checkpoint, table in tables()
        if (name, checkpoint) == (case.input["opened"]["body"]["task"]["runbook"], case.input["checkpoint"])
        for check in table["checks"]
    }
    active = [(point, check) for name, point, table in tables() if is_active(name) for check in table["checks"]]
    assert set(active) - asked == set()
    assert {check for _, check in asked} == CHECKS


def is_active(runbook: str) -> bool:
    return bool(RUNBOOKS[runbook]["status"] == "active")


def test_every_code_has_a_case_in_its_own_check(codes: Mapping[str, Path], cases: list[Case]) -> None:
    own = {
        denial["code"]
        for case in cases
        for denial in case.expected["denials"]
        if case.path.split("/")[:2] == ["fail", denial["code"].split(".")[0]]
    }
    assert codes.keys() - own == OF_A_BROKEN_BUNDLE
    assert {denial["code"] for case in cases for denial in case.expected["denials"]} - codes.keys() == set()


def test_what_only_a_broken_bundle_says_is_shown_with_one() -> None:
    shown = (TESTS / "gate" / "gate_test.rego").read_text(encoding="utf-8")
    assert {code for code in OF_A_BROKEN_BUNDLE if f'"{code}"' not in shown} == set()


def test_a_failing_case_shows_its_own_check(cases: list[Case]) -> None:
    """Of the check whose folder it is in: no case is filed under a check that has nothing to say of it."""
    failing = [case for case in cases if case.path.startswith("fail/") and not case.path.startswith("fail/gate/")]
    silent = [
        case.path
        for case in failing
        if not any(denial["code"].startswith(f"{case.path.split('/')[1]}.") for denial in case.expected["denials"])
    ]
    assert silent == []


def test_a_failing_case_is_a_known_one_with_a_change() -> None:
    documents = {
        str(file.relative_to(CASES).with_suffix("")): json.loads(file.read_text(encoding="utf-8"))[file.stem]
        for file in CASES.rglob("*.json")
    }
    failing = {path: one for path, one in documents.items() if path.startswith("fail/")}
    assert [
        path for path, one in failing.items() if "base" in one and not (one["base"] in documents and one["patch"])
    ] == []
    # Stations of an ordinary run, which are nobody's variation.
    whole = {path: one["expected"]["verdict"] for path, one in failing.items() if "base" not in one}
    assert set(whole.values()) <= {"wait", "retry"}


def test_every_fixture_is_a_case_that_the_rego_tests_read() -> None:
    """They read every `pass/<checkpoint>` and every `fail/<check>`; nothing lies anywhere else."""
    files = [file.relative_to(CASES) for file in CASES.rglob("*") if file.is_file()]
    checkpoints = {f"cp{number}" for number in range(5)}
    assert [file for file in files if file.suffix != ".json" or len(file.parts) != 3] == []
    assert {file.parts[:2] for file in files} == {
        *(("pass", checkpoint) for checkpoint in checkpoints),
        *(("fail", check) for check in CHECKS | {"gate"}),
    }


def test_every_policy_has_its_test_under_the_same_path() -> None:
    tested = {file.parent.relative_to(TESTS) for file in TESTS.rglob("*_test.rego")}
    packages = {file.parent.relative_to(POLICIES) for file in POLICIES.rglob("*.rego")}
    # Without a test of their own: annotations for the packages below, and what every decision shows.
    shown = {Path(path) for path in ("checks", "facts", "actions", "actions/escalate")}
    assert packages - tested == shown
    assert tested - packages == {Path("runbooks")}


def test_every_check_runs_its_good_and_its_failing_cases() -> None:
    lacking = {
        check
        for check in CHECKS
        if not re.search(
            rf"cases\.good\.{check}\b[\s\S]*cases\.failing\.{check}\b",
            (TESTS / "checks" / check / f"{check}_test.rego").read_text(encoding="utf-8"),
        )
    }
    assert lacking == set()


def test_the_runbooks_answer_codes_of_the_checks_that_they_ask(codes: Mapping[str, Path]) -> None:
    wrong = [
        (name, checkpoint, code)
        for name, checkpoint, table in tables()
        for code in table.get("answers", {})
        if code not in codes or code.split(".")[0] not in table["checks"]
    ]
    assert wrong == []
