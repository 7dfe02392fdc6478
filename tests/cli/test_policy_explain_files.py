"""`policy explain FILE`: a decision input, a request, a decision case, or none of them."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path

import pytest
from tests.cli.conftest import Call

from runbook_gate import resources

CASES = resources.policies().parent / "fixtures" / "decisions"


def test_a_new_case_is_explained_before_its_decision_is_filled_in(call: Call, tmp_path: Path) -> None:
    shutil.copytree(CASES / "pass", tmp_path / "decisions" / "pass")
    case = {"base": "pass/cp1/first_attempt", "patch": [{"op": "replace", "path": "/checkpoint", "value": "cp0"}]}
    file = tmp_path / "decisions" / "fail" / "lineage" / "new.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"new": case}), encoding="utf-8")
    told = call("policy", "explain", file, "-o", "json").document
    assert (told["input"], told["checkpoint"], told["step"]) == ("case fail/lineage/new", "cp0", "restore")
    whole = json.loads((CASES / "pass" / "cp1" / "first_attempt.json").read_text(encoding="utf-8"))["first_attempt"]
    (tmp_path / "alone.json").write_text(json.dumps({"alone": {"input": whole["input"]}}), encoding="utf-8")
    told = call("policy", "explain", "alone.json", "-o", "json").document
    assert (told["input"], told["recorded"], told["verdict"]) == ("case alone", False, "proceed")


def test_an_input_may_be_bare_or_a_request(call: Call, tmp_path: Path) -> None:
    [(_, case)] = json.loads((CASES / "pass" / "cp1" / "first_attempt.json").read_text(encoding="utf-8")).items()
    (tmp_path / "bare.json").write_text(json.dumps(case["input"]), encoding="utf-8")
    (tmp_path / "request.json").write_text(json.dumps({"input": case["input"]}), encoding="utf-8")
    for file in ("bare.json", "request.json"):
        told = call("policy", "explain", file, "-o", "json")
        assert (told.document["verdict"], told.document["next"]["action"]) == ("proceed", "patch_labels")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "a decision input is an object"),
        ("{", "not well-formed JSON"),
        ("{}", "no decision input: it has neither `step` nor `opened`."),
        ('{"input": {"now_ms": 5}}', "no decision input"),
        ('{"another": {"base": "pass/cp1/first_attempt", "patch": []}}', "one key, the name of its file"),
        ('{"odd": {"patch": []}}', "expected `input`, or `base` with the path of another case."),
        ('{"input": null}', "a decision input is an object"),
        ('{"input": [1]}', "a decision input is an object"),
        ('{"odd": {"expected": {}, "base": "pass/cp1/none"}}', "not a decision case: its base is not there."),
        ('{"odd": {"expected": {}, "base": "odd"}}', "not a decision case"),
        ('{"odd": {"expected": {}}}', "expected `input`, or `base` with the path of another case."),
        ('{"odd": {"expected": {}, "input": 5}}', "its input is not an object"),
        ('{"odd": {"expected": {}, "input": null}}', "its input is not an object"),
        ('{"odd": {"expected": {}, "base": 5}}', "not a decision case"),
        ('{"odd": {"expected": {}, "input": {}, "patch": 5}}', "not a decision case"),
        ('{"odd": {"expected": {}, "input": {}, "patch": [{"op": "remove", "path": "/a"}]}}', "names a path"),
    ],
)
@pytest.mark.parametrize("folder", ["decisions/fail/check", "decisions/fail", "elsewhere"])
def test_a_file_that_holds_no_input(call: Call, tmp_path: Path, folder: str, text: str, message: str) -> None:
    file = tmp_path / folder / "odd.json"
    file.parent.mkdir(parents=True)
    file.write_text(text, encoding="utf-8")
    refused = call("policy", "explain", file)
    assert (refused.status, refused.out) == (2, "")
    assert message in refused.err


def test_a_case_at_the_top_of_all_folders(call: Call) -> None:
    with tempfile.NamedTemporaryFile(dir="/tmp", suffix=".json", mode="w", encoding="utf-8") as file:
        file.write(json.dumps({Path(file.name).stem: {"expected": {}}}))
        file.flush()
        refused = call("policy", "explain", file.name)
    assert (refused.status, refused.out) == (2, "")
    assert "not a decision case" in refused.err


def test_what_an_input_does_not_state_is_said_to_be_missing(call: Call, tmp_path: Path) -> None:
    (tmp_path / "odd.json").write_text(json.dumps({"step": 7, "now_ms": True}), encoding="utf-8")
    lines = call("policy", "explain", "odd.json").out.splitlines()
    assert "  checkpoint  (not stated), step 7" in lines
    assert "  asked at    true" in lines
