"""Every decision case is made of what the executor can send, and is answered with what it accepts."""

from __future__ import annotations

import functools
import json
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from pydantic import ValidationError
from tests.policies.decision_cases import ROOT, Case, load

from runbook_gate.binaries import find_tool
from runbook_gate.models.decision_input import DecisionInput


@functools.cache
def validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads((ROOT / "schemas" / f"{name}.json").read_text(encoding="utf-8")))


def complaints(name: str, document: Any) -> list[str]:
    return [f"{error.json_path}: {error.validator}" for error in validator(name).iter_errors(document)]


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    return load()


@pytest.fixture(scope="module")
def decisions(cases: list[Case], tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
    """The answers of the shipped policies, asked without the Rego tests."""
    folder = tmp_path_factory.mktemp("asked")
    (folder / "data.json").write_text(json.dumps({"inputs": {case.path: case.input for case in cases}}))
    (folder / "asked.rego").write_text(
        "package asked\n\n"
        "decisions[path] := decision if {\n"
        "\tsome path, asked in data.inputs\n"
        "\tdecision := data.gate.decision with input as asked\n}\n"
    )
    command = [str(find_tool("opa")), "eval", "--strict-builtin-errors", "--format", "values"]
    command += ["--data", str(ROOT / "policies"), "--data", str(folder), "data.asked.decisions"]
    done = subprocess.run(command, capture_output=True, check=True, timeout=120)
    [answered] = json.loads(done.stdout)
    assert isinstance(answered, dict)
    return answered


def test_inputs_are_as_the_schema_says(cases: list[Case]) -> None:
    # The schema is made from the model, which is a hundred times as fast; the schema itself sees the good inputs.
    wrong = {
        case.path: found
        for case in cases
        if case.path.startswith("pass/") and (found := complaints("decision_input", case.input))
    }
    assert wrong == {}
    assert [case.path for case in cases if not _can_be_sent(case)] == []
    assert len(cases) > 400


def test_answers_are_as_the_schema_says(cases: list[Case], decisions: Mapping[str, Any]) -> None:
    assert decisions.keys() == {case.path for case in cases}
    assert {path: found for path, one in decisions.items() if (found := complaints("decision", one))} == {}


def test_answers_are_the_expected_ones(cases: list[Case], decisions: Mapping[str, Any]) -> None:
    assert [case.path for case in cases if decisions[case.path] != case.expected] == []


def test_params_are_as_the_schemas_say(decisions: Mapping[str, Any]) -> None:
    going_on = {path: one["next"] for path, one in decisions.items() if one["verdict"] != "escalate"}
    wrong = {
        path: found
        for path, following in going_on.items()
        if (found := complaints(f"{following['action']}_params", following["params"]))
    }
    assert wrong == {}
    assert {following["action"] for following in going_on.values()} == {
        "gather",
        "patch_labels",
        "resolve_write",
        "verify",
        "finish",
    }


def test_escalations_say_whether_a_write_is_in_doubt(decisions: Mapping[str, Any]) -> None:
    said = [one["next"]["params"] for one in decisions.values() if one["verdict"] == "escalate"]
    assert {frozenset(params) for params in said} == {frozenset({"write_in_doubt"})}
    assert {params["write_in_doubt"] for params in said} == {True, False}


def test_waits_end_by_the_deadline(cases: list[Case], decisions: Mapping[str, Any]) -> None:
    for case in cases:
        decision = decisions[case.path]
        until = decision["next"]["until_ms"]
        assert (until is not None) == (decision["verdict"] == "wait"), case.path
        assert until is None or case.input["now_ms"] < until <= case.input["opened"]["body"]["deadline_ms"], case.path


def test_good_cases_go_on_at_their_checkpoint(cases: list[Case]) -> None:
    for case in cases:
        kind, group, _ = case.path.split("/")
        if kind == "pass":
            assert case.expected["verdict"] in {"proceed", "complete"}, case.path
            assert case.input["checkpoint"] == group, case.path


@pytest.mark.parametrize(
    "file", sorted((ROOT / "policies" / "runbooks").glob("*/data.yaml")), ids=lambda f: f.parent.name
)
def test_runbooks_are_as_the_schema_says(file: Path) -> None:
    assert complaints("runbook", yaml.safe_load(file.read_text(encoding="utf-8"))) == []


def test_every_fact_of_a_denial_is_a_path_or_said_to_be_derived() -> None:
    told = {fact for case in load() for denial in case.expected["denials"] for fact in denial["facts"]}
    path = re.compile(r'(input|data\.runbooks\[("[^"]+"|null)\])((\.[a-z_]\w*)|\[(\d+|"[^"]+")\])+')
    derived = {fact for fact in told if fact.startswith("derived.")}
    assert [fact for fact in told - derived if not path.fullmatch(fact)] == []
    assert derived == {f"derived.{name}" for name in ("events", "retries", "states", "way", "writers")}


def _can_be_sent(case: Case) -> bool:
    try:
        DecisionInput.model_validate_json(json.dumps(case.input))
    except ValidationError:
        return False
    return True
