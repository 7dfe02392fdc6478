"""What `make fixtures`, `make docs` and `make release` write, in a copy of the project."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.policies.decision_cases import CASES, ROOT

COPIED = ("pass/cp1/first_attempt", "fail/register_agreement/too_old_cluster_inventory")
FAILING = "fixtures/decisions/fail/register_agreement/too_old_cluster_inventory.json"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The policies, two of their cases and the tools."""
    shutil.copytree(ROOT / "policies", tmp_path / "policies")
    shutil.copytree(ROOT / "tools", tmp_path / "tools", ignore=shutil.ignore_patterns("go", "__pycache__"))
    for path in COPIED:
        file = tmp_path / "fixtures" / "decisions" / f"{path}.json"
        file.parent.mkdir(parents=True)
        shutil.copy(CASES / f"{path}.json", file)
    (tmp_path / "docs").mkdir()
    return tmp_path


def tool(project: Path, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(project / "tools" / f"{name}.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1
    file.write_text(text.replace(old, new), encoding="utf-8")


def case(project: Path) -> Any:
    return json.loads((project / FAILING).read_text(encoding="utf-8"))["too_old_cluster_inventory"]


def test_expected_decisions_follow_the_policies_and_the_change_is_told(project: Path) -> None:
    assert tool(project, "fixtures").stdout.splitlines() == [f"{path}: a new case" for path in reversed(COPIED)]
    before = (project / FAILING).read_bytes()
    told = tool(project, "fixtures")
    assert (told.returncode, told.stdout) == (0, "every expected decision is as it was\n")
    edit(
        project / "policies/checks/register_agreement/envelope.rego",
        "register_agreement.stale",
        "register_agreement.old",
    )
    told = tool(project, "fixtures")
    assert told.stdout.splitlines()[0] == "fail/register_agreement/too_old_cluster_inventory"
    assert any(line == "  denies with register_agreement.old" for line in told.stdout.splitlines())
    assert case(project)["expected"]["denials"][0]["code"] == "register_agreement.old"
    edit(
        project / "policies/checks/register_agreement/envelope.rego",
        "register_agreement.old",
        "register_agreement.stale",
    )
    assert tool(project, "fixtures").returncode == 0
    assert (project / FAILING).read_bytes() == before


def test_a_case_without_a_decision_gets_one(project: Path) -> None:
    written = {"too_old_cluster_inventory": {key: case(project)[key] for key in ("base", "patch")}}
    (project / FAILING).write_text(json.dumps(written), encoding="utf-8")
    assert tool(project, "fixtures").returncode == 0
    assert case(project)["expected"]["verdict"] == "escalate"


def test_a_case_that_is_gone_is_told(project: Path) -> None:
    tool(project, "fixtures")
    (project / FAILING).unlink()
    assert tool(project, "fixtures").stdout == "fail/register_agreement/too_old_cluster_inventory: the case is gone\n"
    assert (project / "fixtures" / "cases.txt").read_text(encoding="utf-8") == "pass/cp1/first_attempt\n"


def test_pages_that_differ_lack_or_are_too_many_fail(project: Path) -> None:
    lacking = tool(project, "docs", "--check")
    assert lacking.returncode == 1
    assert "denials.md" in lacking.stderr
    assert "run `make docs`" in lacking.stderr
    assert tool(project, "docs").returncode == 0
    assert tool(project, "docs", "--check").returncode == 0
    extra = project / "docs" / "runbooks" / "Gone-v1.md"
    extra.write_text("gone", encoding="utf-8")
    edit(
        project / "policies/checks/waiver_absence/waiver_absence.rego", "# title: Waiver absence", "# title: No waiver"
    )
    wrong = tool(project, "docs", "--check")
    assert (wrong.returncode, wrong.stderr.startswith("error: denials.md, runbooks/Gone-v1.md in docs/")) == (1, True)
    assert tool(project, "docs").returncode == 0
    assert not extra.exists()
    assert "No waiver." in (project / "docs" / "denials.md").read_text(encoding="utf-8")


def test_a_release_adds_a_pin_and_never_changes_one(project: Path) -> None:
    runbooks = project / "policies" / "runbooks"
    pins = (runbooks / "released.txt").read_text(encoding="utf-8")
    shutil.copytree(runbooks / "MKS-PSA-Label-Restore-v3", runbooks / "MKS-PSA-Label-Restore-v4")
    released = tool(project, "release")
    assert (released.returncode, released.stdout) == (0, "released: MKS-PSA-Label-Restore-v4\n")
    after = (runbooks / "released.txt").read_text(encoding="utf-8")
    assert after.startswith(pins)
    assert after.endswith("  MKS-PSA-Label-Restore-v4\n")
    edit(runbooks / "MKS-PSA-Label-Restore-v4" / "data.yaml", "retry_budget: 2", "retry_budget: 3")
    refused = tool(project, "release")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "its data was edited" in refused.stderr
    assert (runbooks / "released.txt").read_text(encoding="utf-8") == after
