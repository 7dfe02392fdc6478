"""A new runbook revision, made as CONTRIBUTING.md says: a value changes, and no line of Rego."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from tests.policies.decision_cases import ROOT
from tools.fixtures import rename, renew

from runbook_gate.binaries import find_tool

V3, V4 = "MKS-PSA-Label-Restore-v3", "MKS-PSA-Label-Restore-v4"
CHANGES = [("  window: 60000\n", "  window: 90000\n")]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The policies and what tests them, with a fourth revision."""
    for folder in ("policies", "policy-tests", "fixtures"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    runbooks, parties = tmp_path / "policies" / "runbooks", tmp_path / "policies" / "parties" / "data.yaml"
    shutil.copytree(runbooks / V3, runbooks / V4)
    for name in (V3, "MKS-PSA-Label-Restore-v2", "MKS-PSA-Label-Restore-v1"):
        superseded(runbooks / name / "data.yaml")
    edit(runbooks / V4 / "data.yaml", CHANGES)
    edit(parties, [(f"  {V3}:\n", f"  {V4}:\n    owner: {{name: A, title: B, queue: c}}\n  {V3}:\n")])
    return tmp_path


def superseded(file: Path) -> None:
    text = file.read_text(encoding="utf-8").replace("status: active", "status: superseded")
    file.write_text(text.replace("successor: null", f"successor: {V4}").replace(f"successor: {V3}", f"successor: {V4}"))


def edit(file: Path, changes: list[tuple[str, str]]) -> None:
    text = file.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text, f"{file}: {old}"
        text = text.replace(old, new)
    file.write_text(text, encoding="utf-8")


def run_rego_tests(project: Path) -> subprocess.CompletedProcess[str]:
    command = [str(find_tool("opa")), "test", "--fail-on-empty", "--timeout", "60s"]
    command += ["policies", "policy-tests", "fixtures:fixtures/decisions"]
    return subprocess.run(command, cwd=project, capture_output=True, text=True, check=False, timeout=300)


def test_the_tests_pass_once_the_cases_are_those_of_the_new_revision(project: Path) -> None:
    assert run_rego_tests(project).returncode != 0
    rename(project, V3, V4)
    told = renew(project)
    passed = run_rego_tests(project)
    assert passed.returncode == 0, passed.stdout[-3000:]
    # The reviewer sees what the longer window means, and nothing else.
    blocked = "fail/verification_reconciliation/blocked_past_the_window"
    assert told[:2] == [blocked, "  no longer denies with verification_reconciliation.probe_blocked"]
    assert all("/verification_reconciliation/" in line for line in told if not line.startswith("  "))
