"""An explanation says what the gate decides, and adds words, places and reasons to it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.policies.decision_cases import CASES, ROOT

from runbook_gate.cli.explaining import text
from runbook_gate.gate.bundle import Bundle
from runbook_gate.policy import cases
from runbook_gate.policy.explanation import explain
from runbook_gate.policy.inputs import Asked


@pytest.fixture(scope="module")
def explained(bundle: Bundle, opa_binary: Path) -> Any:
    """Explain a case, by its path, or changes of it."""

    def explained(path: str, *patch: dict[str, Any]) -> dict[str, Any]:
        document = cases.patched(cases.one(CASES, path).input, list(patch))
        return explain(Asked(path, document), "the shipped ones", bundle, opa=opa_binary)

    return explained


def outcomes(told: dict[str, Any]) -> dict[str, str]:
    return {check["check"]: check["outcome"] for check in told["checks"]}


@pytest.mark.parametrize(
    "path",
    [
        "pass/cp0/intake",
        "pass/cp1/first_attempt",
        "pass/cp2/applied",
        "pass/cp3/second_round",
        "pass/cp4/restored",
        "fail/register_agreement/no_facts",
        "fail/gate/verification_waits_at_the_deadline",
    ],
)
def test_it_says_what_the_gate_decides(explained: Any, path: str) -> None:
    told, expected = explained(path), cases.one(CASES, path).expected
    assert (told["verdict"], told["next"]["action"]) == (expected["verdict"], expected["next"]["action"])
    denials = [denial for check in (*told["checks"], {"denials": told["gate"]}) for denial in check["denials"]]
    shown, said = (_codes_and_facts(found) for found in (denials, expected["denials"]))
    assert shown == said
    assert told["input_problems"] == []


def _codes_and_facts(denials: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return sorted((denial["code"], str(denial["facts"])) for denial in denials)


def test_a_pass_says_what_was_wanted_and_what_was_seen(explained: Any) -> None:
    told = explained("pass/cp1/first_attempt")
    assert set(outcomes(told).values()) == {"pass"}
    [identity] = [check for check in told["checks"] if check["check"] == "namespace_identity"]
    assert identity["wants"].startswith("Every read of this checkpoint shows the namespace")
    assert identity["reads"]["input.opened.body.task.namespace"] == "payments-settlement-prod"
    assert told["why"][0] == "Every check passes; the runbook then says proceed."
    assert told["why"][1:] == [
        "Of the runbook's candidates for proceed, patch_labels has params, so it is next, then cp2.",
        "Of the runbook's candidates for proceed, resolve_write is not called for: it has no params.",
    ]


def test_a_denial_says_code_message_solution_facts_and_rule(explained: Any) -> None:
    told = explained("fail/register_agreement/too_old_cluster_inventory")
    [denied] = [check for check in told["checks"] if check["outcome"] == "deny"]
    [denial] = denied["denials"]
    assert denial["code"] == "register_agreement.stale"
    assert denial["message"] == "A register is too old, or of an unknown time"
    assert denial["solution"].startswith("Refresh the register")
    assert list(denial["facts"]) == [
        "input.observed.gather.body.registers.cluster_inventory.as_of_ms",
        "input.observed.gather.body.registers.cluster_inventory.read_at_ms",
    ]
    assert denial["answer"] == "final"
    lines = (ROOT / denial["file"]).read_text(encoding="utf-8").splitlines()
    assert lines[denial["line"] - 1].startswith("deny contains")
    assert any("register_agreement.stale" in line for line in lines[denial["line"] - 6 : denial["line"]])


def test_a_wait_says_which_code_waits_and_until_when(explained: Any) -> None:
    told = explained("fail/register_agreement/unanswered_cluster_inventory")
    assert told["verdict"] == "wait"
    assert "register_agreement.unanswered is answered with wait by the runbook." in told["why"]
    assert told["why"][-1].startswith("Not before 2026-")


def test_a_check_that_keeps_silent_is_no_pass(explained: Any) -> None:
    told = explained("fail/register_agreement/unanswered_cluster_inventory")
    assert outcomes(told)["cluster_identity"] == "silent"
    assert any(reason.startswith("cluster_identity neither passes nor denies") for reason in told["why"])


def test_a_final_code_wins_over_one_that_waits(explained: Any) -> None:
    unanswered = {
        "op": "replace",
        "path": "/observed/gather/body/registers/namespace_ownership/outcome",
        "value": "unanswered",
    }
    told = explained("fail/register_agreement/too_old_cluster_inventory", unanswered)
    assert told["verdict"] == "escalate"
    assert "One final code is enough to escalate." in told["why"]


def test_the_gate_itself_denies(explained: Any) -> None:
    told = explained("fail/gate/verification_waits_at_the_deadline")
    [denial] = told["gate"]
    assert (denial["code"], denial["answer"]) == ("gate.deadline_passed", "final")
    assert denial["file"] == "policies/gate/deny.rego"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("/opened/body/task/runbook", "No-Such-v1"),
        ("/opened/body/task/runbook", 7),
        ("/checkpoint", "cp9"),
        ("/step", None),
        ("/opened", []),
    ],
)
def test_an_input_that_no_rules_are_for_is_explained_too(explained: Any, path: str, value: object) -> None:
    told = explained("pass/cp1/first_attempt", {"op": "replace", "path": path, "value": value})
    assert (told["checks"], told["verdict"]) == ([], "escalate")
    assert {denial["code"] for denial in told["gate"]} & {"gate.unknown_runbook", "gate.nothing_to_check"}
    assert "nothing can pass" in told["why"][0]


def test_an_input_that_the_executor_would_not_send_is_said_to_be_one(explained: Any) -> None:
    told = explained("pass/cp1/first_attempt", {"op": "remove", "path": "/now_ms"})
    assert told["input_problems"] == ["input.now_ms: Field required"]
    assert "The executor never sends such an input" in " ".join(text(told, with_facts=False))


def test_a_recorded_input_that_an_older_schema_was_for_is_said_to_be_one(bundle: Bundle, opa_binary: Path) -> None:
    document = cases.one(CASES, "pass/cp1/first_attempt").input
    del document["now_ms"]
    asked = Asked("entry 4", document, bundle, recorded=True)
    told = explain(asked, "those of the run", bundle, opa=opa_binary)
    assert told["input_problems"] == ["input.now_ms: Field required"]
    shown = " ".join(text(told, with_facts=False))
    assert "An executor of another version recorded this input" in shown
    assert "never sends" not in shown
