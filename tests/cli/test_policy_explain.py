"""`policy explain`: one input, from a file or from the ledger, and why it is decided so."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from tests.cli.conftest import Call
from tests.fakes.runs import LittleWorld

from runbook_gate import resources
from runbook_gate.core.history import History

CASES = resources.policies().parent / "fixtures" / "decisions"
STALE = CASES / "fail" / "register_agreement" / "too_old_cluster_inventory.json"


def newest(world: LittleWorld) -> History:
    with world.open() as store:
        return History(store.runs.entries(store.runs.list()[0].id))


def test_a_case_is_told_check_by_check(call: Call) -> None:
    told = call("policy", "explain", STALE)
    assert (told.status, told.err) == (0, "")
    lines = told.out.splitlines()
    assert lines[0] == "Decision of case fail/register_agreement/too_old_cluster_inventory"
    assert "  checkpoint  cp1 revalidation, step restore" in lines
    assert "DENY     register_agreement" in lines
    assert "         x register_agreement.stale (final)" in lines
    assert "           A register is too old, or of an unknown time." in lines
    assert "Verdict: escalate" in lines
    assert "  - register_agreement.stale is final: the runbook has no answer for it." in lines
    assert "pass     waiver_absence" in lines
    assert "Next: escalate in step restore" in lines


@pytest.mark.parametrize(
    "path", ["pass/cp1/first_attempt", "pass/cp3/second_round", "fail/register_agreement/no_facts"]
)
@pytest.mark.parametrize("option", [[], ["--facts"]], ids=["plain", "facts"])
def test_no_line_is_wider_than_a_terminal(call: Call, path: str, option: list[str]) -> None:
    told = call("policy", "explain", CASES / f"{path}.json", *option)
    assert told.status == 0
    assert [line for line in told.out.splitlines() if len(line) > 80] == []


def test_facts_are_shown_when_they_are_asked_for(call: Call) -> None:
    case = CASES / "pass" / "cp1" / "first_attempt.json"
    plain, whole = (call("policy", "explain", case, *option).out for option in ([], ["--facts"]))
    assert 'input.opened.body.task.namespace = "payments-settlement-prod"' in plain
    assert "input.opened.body.task.labels = { 6 members }" in plain
    assert "{ 6 members }" not in whole
    assert "more (--facts)" in plain
    assert "more (--facts)" not in whole


def test_a_pass_tells_what_it_saw_and_where_its_rule_is(call: Call) -> None:
    told = call("policy", "explain", CASES / "pass" / "cp0" / "intake.json").out
    [check] = [part for part in told.split("\n\n") if part.startswith("pass     target_clear")]
    [place] = re.findall(r"checks/target_clear/target_clear.rego:([0-9]+)$", check, re.MULTILINE)
    lines = (resources.policies() / "checks/target_clear/target_clear.rego").read_text(encoding="utf-8").splitlines()
    assert lines[int(place) - 1].startswith("pass if ")
    assert re.search(r"^         input\.[a-z_.]+ = \{ [0-9]+ members \}$", check, re.MULTILINE)


def test_a_run_is_explained_by_the_policies_that_it_is_pinned_to(call: Call, escalated: LittleWorld) -> None:
    history = newest(escalated)
    told = call("policy", "explain", "task-2", "-o", "json").document
    assert (told["policies"], told["policy_sha256"]) == ("those of the run", history.pins.content_sha256)
    assert (told["run_id"], told["checkpoint"], told["verdict"]) == (history.newest.run, "cp1", "escalate")
    [denied] = [check for check in told["checks"] if check["outcome"] == "deny"]
    assert denied["denials"][0]["code"] == "waiver_absence.open_waiver"
    assert "EXC-311" in json.dumps(denied["denials"][0]["facts"])


def test_every_recorded_decision_is_explained_as_it_was_decided(call: Call, completed: LittleWorld) -> None:
    run = newest(completed).newest.run
    before = (completed.folder / "ledger.sqlite").read_bytes()
    for entry in newest(completed).decisions():
        for named in (f"{run}:{entry.seq}", f"task-1:{entry.seq}", entry.body["request"]["body_sha256"]):
            told = call("policy", "explain", named, "-o", "json").document
            assert (told["verdict"], told["next"]) == (entry.body["verdict"], entry.body["next"])
            assert (told["input"], told["recorded"]) == (f"entry {entry.seq} of run {run}", True)
    assert (completed.folder / "ledger.sqlite").read_bytes() == before


def test_other_policies_may_be_asked(call: Call, escalated: LittleWorld, tmp_path: Path) -> None:
    shutil.copytree(resources.policies(), tmp_path / "policies")
    file = tmp_path / "policies" / "runbooks" / "MKS-PSA-Label-Restore-v3" / "data.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("closed: [closed,", "closed: [open, closed,"), encoding="utf-8")
    told = call("policy", "explain", "task-2", "--bundle", "policies", "-o", "json").document
    assert (told["policies"], told["verdict"]) == ("folder policies", "proceed")


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ("task-9", "There is no run and no task task-9."),
        ("task-1:99", "has no entry 99 that records a decision."),
        ("task-1:1", "has no entry 1 that records a decision."),
        ("task-1:two", "after the colon stands the number of an entry"),
        ("task-1:", "after the colon stands the number of an entry"),
        (":3", "before the colon stands a run or a task"),
        ("", "must not be empty"),
        ("0" * 64, "there is no evidence"),
    ],
)
def test_what_was_not_recorded(call: Call, completed: LittleWorld, named: str, message: str) -> None:
    refused = call("policy", "explain", named)
    assert (refused.status, refused.out) == (2, "")
    assert message in refused.err


def test_evidence_that_is_no_input(call: Call, completed: LittleWorld) -> None:
    [*_, entry] = newest(completed).decisions()
    refused = call("policy", "explain", entry.body["answer"]["body_sha256"])
    assert refused.status == 2
    assert "is no decision input" in refused.err


def test_neither_a_file_nor_a_ledger(call: Call) -> None:
    refused = call("policy", "explain", "nothing.json")
    assert refused.status == 2
    assert "there is no such file" in refused.err


def test_a_hostile_input_moves_nothing_on_a_terminal(call: Call, tmp_path: Path) -> None:
    [(_, case)] = json.loads((CASES / "pass" / "cp1" / "first_attempt.json").read_text(encoding="utf-8")).items()
    case["input"]["opened"]["body"]["task"]["namespace"] = "x\u001b[31m\u202ey"
    case["input"]["opened"]["body"]["task"]["runbook"] = "\u001b[2J"
    (tmp_path / "hostile.json").write_text(json.dumps(case["input"]), encoding="utf-8")
    told = call("policy", "explain", "hostile.json", "--facts")
    assert told.status == 0
    assert all(line.isprintable() for line in told.out.splitlines())
