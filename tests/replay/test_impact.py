"""`policy impact`: base against working tree, over recorded decisions and fixtures, in one comment."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from tests.cli.conftest import Call
from tests.replay.replays import Recording, change

from runbook_gate import resources

RUNBOOK = "policies/runbooks/MKS-PSA-Label-Restore-v3/data.yaml"
CASES = Path(__file__).resolve().parents[2] / "fixtures" / "decisions"


@pytest.fixture
def work_tree(tmp_path: Path, call: Call) -> Path:
    """A repository with the shipped policies in `main`, a changed working tree, and a few cases."""
    shutil.copytree(resources.policies(), tmp_path / "policies")
    for name in ("pass", "fail/waiver_absence"):
        shutil.copytree(CASES / name, tmp_path / "fixtures" / "decisions" / name)
    identity = ["-c", "user.name=author", "-c", "user.email=author@example.org", "-c", "commit.gpgsign=false"]
    for arguments in (["init", "--quiet", "--initial-branch=main"], ["add", "policies"], ["commit", "-qm", "first"]):
        subprocess.run(["git", *identity, *arguments], cwd=tmp_path, check=True)
    text = (tmp_path / RUNBOOK).read_text()
    (tmp_path / RUNBOOK).write_text(text.replace("closed: [closed,", "closed: [approved, pending, suspended, closed,"))
    return tmp_path


def test_recorded_decisions_and_fixtures_are_compared(
    call: Call, recorded: Recording, work_tree: Path, store_file: Path
) -> None:
    told = call("policy", "impact", "-o", "json", "--markdown", "impact.md")
    assert told.status == 0
    comparison = told.document["recorded"]["comparison"]
    assert comparison["stop_to_go"] == {"count": 3, "of": 26}
    [flips] = comparison["flips"]
    assert flips["runs"] == sorted(recorded.runs[f"waived-{number}"] for number in range(3))
    fixtures = told.document["fixtures"]
    cases = len(list((work_tree / "fixtures").rglob("*.json")))
    assert fixtures["comparison"]["same"]["of"] == fixtures["decisions"] == cases
    comment = (work_tree / "impact.md").read_text()
    assert comment.startswith("<!-- runbook-gate policy impact -->\n## Policy impact\n")
    assert "3 of 26 decisions change." in comment
    assert call("policy", "impact").out.rstrip() == comment.rstrip()


def test_without_a_ledger_fixtures_are_asked(call: Call, work_tree: Path) -> None:
    told = call("policy", "impact", "--fail-on", "stop-to-go")
    assert told.status == 0
    assert "No ledger was given" in told.out
    same = call("policy", "impact", "--head", "git:main", "-o", "json")
    assert same.document["fixtures"]["comparison"]["same"]["count"] == same.document["fixtures"]["decisions"] > 0


def test_what_is_not_reproduced_is_not_compared(
    call: Call, recorded: Recording, work_tree: Path, store_file: Path
) -> None:
    statement = "UPDATE entries SET data = replace(data, 'gather', 'gothic') WHERE run = ? AND seq = 3"
    change(store_file, statement, recorded.runs["waived-0"])
    told = call("policy", "impact", "--fail-on", "altered,stop-to-go", "-o", "json")
    assert told.status == 14
    assert told.document["recorded"]["comparison"]["stop_to_go"] == {"count": 2, "of": 24}
    assert told.document["recorded"]["altered"] == {"count": 2, "of": 26}
