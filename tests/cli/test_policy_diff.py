"""`policy inspect` and `policy diff`."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.cli.conftest import Call

from runbook_gate import resources
from runbook_gate.gate.bundle import Bundle


def test_policies_are_listed(call: Call, bundle: Bundle, tmp_path: Path) -> None:
    (tmp_path / "bundle.tar.gz").write_bytes(bundle.raw)
    told = call("policy", "inspect", "bundle.tar.gz")
    assert (told.status, told.err) == (0, "")
    lines = told.out.splitlines()
    assert lines[:2] == ["Policies: bundle bundle.tar.gz", f"  digest  {bundle.content_sha256}"]
    assert "  MKS-PSA-Label-Restore-v3: active" in lines
    assert "  waiver_absence.open_waiver" in lines
    assert any(line.startswith("  data.gate.deny gate/deny.rego:") for line in lines)
    assert [line for line in lines if len(line) > 80] == []
    assert call("policy", "inspect", "bundle.tar.gz", "-o", "json").document["policy_sha256"] == bundle.content_sha256


def test_a_difference_is_told_in_words(call: Call, bundle: Bundle, tmp_path: Path) -> None:
    (tmp_path / "bundle.tar.gz").write_bytes(bundle.raw)
    shutil.copytree(resources.policies(), tmp_path / "policies")
    assert "They are the same." in call("policy", "diff", "bundle.tar.gz", "policies").out
    file = tmp_path / "policies" / "runbooks" / "MKS-PSA-Label-Restore-v3" / "data.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("settle: 10000", "settle: 20000"), encoding="utf-8")
    (tmp_path / "policies" / "checks" / "lineage" / "lineage.rego").unlink()
    told = call("policy", "diff", "bundle.tar.gz", "policies")
    assert (told.status, told.err) == (0, "")
    lines = told.out.splitlines()
    assert lines[:2] == ["old  bundle bundle.tar.gz", f"     digest {bundle.content_sha256}"]
    assert "removed: check lineage" in lines
    assert "removed: code lineage.facts_outdated" in lines
    assert "removed: file policies/checks/lineage/lineage.rego" in lines
    assert any(line.startswith("removed: rule data.checks.lineage.pass,") for line in lines)
    at = lines.index("changed: runbook MKS-PSA-Label-Restore-v3")
    assert lines[at + 1] == "  - settling of a write without an answer: 10 s -> 20 s"
    assert [line for line in lines if len(line) > 80] == []


def test_what_is_no_policies(call: Call) -> None:
    refused = call("policy", "diff", "nothing", "git:nothing")
    assert (refused.status, refused.out) == (2, "")
    assert "no such git revision" in refused.err
