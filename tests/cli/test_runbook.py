"""`runbook show` and `runbook diff`: what a revision's data says."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from tests.cli.conftest import Call
from tests.fakes.runs import LittleWorld

from runbook_gate import resources
from runbook_gate.gate.bundle import Bundle

V3 = "MKS-PSA-Label-Restore-v3"


def section(text: str, title: str) -> list[list[str]]:
    """The rows of a section below its header, words apart."""
    body = text.partition(f"\n{title}\n")[2].partition("\n\n")[0]
    return [line.split() for line in body.splitlines()[1:]]


def test_a_short_name_shows_what_governs_a_run(call: Call) -> None:
    shown = call("runbook", "show", "v3")
    assert (shown.status, shown.err) == (0, "")
    text = shown.out
    assert text.startswith(f"{V3}: Restore the Pod Security Admission labels")
    assert "  owner     Leah Moran, Director of Kubernetes Platform Governance\n" in text
    assert "  queue     platform-governance\n" in text
    assert re.findall(r"^  (cp\d) +[a-z]", text.partition("\n\nAnswers")[0], re.MULTILINE) == [
        f"cp{n}" for n in range(5)
    ]
    answers = section(text, "Answers: every other code escalates")
    assert ["cp2", "retry_eligibility.conflict", "retry"] in [row[:3] for row in answers]
    assert ["labels", "namespace_baseline"] in section(text, "Agreement")
    assert ["namespace_ownership", "namespace-ownership", "namespace_ownership/1", "900", "s"] in section(
        text, "Registers"
    )
    assert "closed waiver states  closed, expired, revoked" in text
    assert "admitted drift        a live value that is approved or prequalified" in text
    assert "2 write attempts in all" in text
    assert "409 Conflict" in text
    assert "verification window                    60 s" in text
    assert "skew: largest difference of clocks     5 s" in text
    assert ["P1", "pods", "violating", "rejected"] in section(text, "Probes")
    assert "service_account ledger-probe" in text


@pytest.mark.parametrize("named", ["v1", "v2", "v3"])
def test_no_line_is_wider_than_a_terminal(call: Call, named: str) -> None:
    shown = call("runbook", "show", named)
    assert shown.status == 0
    assert [line for line in shown.out.splitlines() if len(line) > 80] == []


def test_every_value_is_in_the_document(call: Call, bundle: Bundle) -> None:
    told = call("runbook", "show", V3, "-o", "json").document
    assert told["data"] == bundle.data["runbooks"][V3]
    assert told["owner"] == bundle.data["parties"]["runbooks"][V3]["owner"]
    assert told["overlays"] == bundle.data["parties"]["overlays"]
    assert told["agreement_matrix"]["cluster_id"] == ["cluster_inventory", "namespace_baseline", "namespace_ownership"]
    assert told["policy_sha256"] == bundle.content_sha256


def test_the_rules_of_a_run_are_those_that_it_was_pinned_to(
    call: Call, completed: LittleWorld, tmp_path: Path, bundle: Bundle
) -> None:
    shutil.copytree(resources.policies(), tmp_path / "policies")
    file = tmp_path / "policies" / "runbooks" / V3 / "data.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("retry_budget: 2", "retry_budget: 3"), encoding="utf-8")
    (tmp_path / "runbook-gate.toml").write_text('store = "ledger.sqlite"\nbundle = "policies"\n', encoding="utf-8")
    assert call("runbook", "show", "v3", "-o", "json").document["data"]["retry_budget"] == 3
    told = call("runbook", "show", "--run", "task-1", "-o", "json").document
    assert (told["runbook"], told["policy_sha256"]) == (V3, bundle.content_sha256)
    assert told["data"]["retry_budget"] == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["show"], "Name a revision or a run."),
        (["show", "v3", "--run", "task-1"], "Name a revision or a run, and not both."),
        (["show", ""], "Invalid value for '[REVISION]': must not be empty."),
        (["show", "--run", ""], "Invalid value for '--run': must not be empty."),
        (["diff", "", "v3"], "Invalid value for 'OLD': must not be empty."),
        (["diff", "v3", " "], "Invalid value for 'NEW': must not be empty."),
    ],
)
def test_a_revision_or_a_run_is_named(call: Call, arguments: list[str], message: str) -> None:
    refused = call("runbook", *arguments)
    assert (refused.status, refused.out) == (2, "")
    assert message in refused.err


@pytest.mark.parametrize("named", ["v9", "Restore"])
def test_a_revision_that_is_not_there(call: Call, named: str) -> None:
    refused = call("runbook", "diff", named, "v3")
    assert refused.status == 2
    assert f"These policies have no runbook {named}." in refused.err
    assert f"There are: MKS-PSA-Label-Restore-v1, MKS-PSA-Label-Restore-v2, {V3}." in refused.err


def test_a_difference_is_told_in_words(call: Call) -> None:
    told = call("runbook", "diff", "v2", "v3")
    assert told.status == 0
    lines = told.out.splitlines()
    assert lines[0] == f"MKS-PSA-Label-Restore-v2 -> {V3}"
    assert "  - write attempts of each step, in all: 1 -> 2" in lines
    assert "  - deadline of a run: 600 s -> 900 s" in lines
    assert "  - cp4 asks lineage; it did not before" in lines
    assert "  - at cp2 retry_eligibility.conflict is answered with retry; it was final" in lines
    assert "  - at cp2 retry now leads to gather, cp1" in lines
    assert "  - conflicts that are tried again, at most: 1; it was not stated" in lines
    assert len([line for line in lines if line.startswith("  - way to completion ")]) == 3
    assert [line for line in lines if "{" in line or "limits_ms" in line] == []
    assert [line for line in lines if len(line) > 80] == []


def test_a_difference_is_a_document_too(call: Call) -> None:
    told = call("runbook", "diff", "v2", "v3", "-o", "json").document
    assert (told["old"]["runbook"], told["new"]["runbook"]) == ("MKS-PSA-Label-Restore-v2", V3)
    assert {"path": "retry_budget", "old": 1, "new": 2, "words": "write attempts of each step, in all: 1 -> 2"} in told[
        "changes"
    ]
    assert call("runbook", "diff", "v3", V3, "-o", "json").document["changes"] == []
    assert "They say the same." in call("runbook", "diff", "v3", "v3").out
