"""Policies by name: a file, a folder, or a revision of a git repository; and how they differ."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from runbook_gate import resources
from runbook_gate.cli.comparing import compared
from runbook_gate.errors import InvalidDocument, UsageFault
from runbook_gate.gate.bundle import Bundle
from runbook_gate.policy.git import WorkTree, work_tree
from runbook_gate.policy.inventory import compare, inspect
from runbook_gate.policy.sources import Source, load


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=author", "-c", "user.email=author@example.org", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", *identity, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository of its own with the shipped policies in its first commit; the current folder."""
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "repository"
    shutil.copytree(resources.policies(), folder / "policies")
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", "policies")
    git(folder, "commit", "--quiet", "--message=first")
    monkeypatch.chdir(folder)
    return folder


def edit(repository: Path, name: str, old: str, new: str) -> None:
    file = repository / "policies" / name
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def test_file_folder_and_revision_are_the_same_policies(repository: Path, bundle: Bundle, opa_binary: Path) -> None:
    (repository / "bundle.tar.gz").write_bytes(bundle.raw)
    for named in ("bundle.tar.gz", "policies", "main", "git:HEAD"):
        assert load(named, opa=opa_binary).bundle.content_sha256 == bundle.content_sha256, named
    edit(repository, "parties/data.yaml", "[platform-governance]", "[somebody-else]")
    assert load("policies", opa=opa_binary).bundle.content_sha256 != bundle.content_sha256
    assert load("git:main", opa=opa_binary).bundle.content_sha256 == bundle.content_sha256


def test_a_revision_is_found_from_any_folder_of_the_repository(
    repository: Path, bundle: Bundle, opa_binary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository / "policies" / "gate")
    assert load("git:main", opa=opa_binary).bundle.content_sha256 == bundle.content_sha256


@pytest.mark.parametrize("named", ["nothing", "git:nothing", "git:--help", "--all", "git:"])
def test_what_is_none_of_them_is_refused(repository: Path, opa_binary: Path, named: str) -> None:
    with pytest.raises(UsageFault, match="no such git revision"):
        load(named, opa=opa_binary)


def test_a_revision_without_policies_is_refused(repository: Path, opa_binary: Path) -> None:
    git(repository, "rm", "--quiet", "-r", "policies")
    (repository / "other").write_text("other")
    git(repository, "add", "other")
    git(repository, "commit", "--quiet", "--message=second")
    with pytest.raises(UsageFault, match="has no folder policies"):
        load("git:HEAD", opa=opa_binary)
    assert load("git:HEAD~1", opa=opa_binary).bundle.revision is not None


def test_a_file_that_is_no_bundle_is_refused(repository: Path, opa_binary: Path) -> None:
    (repository / "bundle.tar.gz").write_text("no bundle")
    with pytest.raises(InvalidDocument, match="not a bundle"):
        load("bundle.tar.gz", opa=opa_binary)


def test_a_folder_is_of_a_commit_and_says_what_differs(repository: Path) -> None:
    commit = git(repository, "rev-parse", "HEAD")
    (repository / "elsewhere").write_text("no part of the policies")
    assert work_tree(repository / "policies") == WorkTree(commit, ())
    edit(repository, "parties/data.yaml", "demo", "example")
    (repository / "policies" / "new.rego").write_text("package new\n")
    (repository / "policies" / "gate" / "deny.rego").unlink()
    found = work_tree(repository / "policies")
    assert found is not None
    assert set(found.changed) == {"policies/gate/deny.rego", "policies/new.rego", "policies/parties/data.yaml"}


def test_a_folder_that_no_repository_keeps_is_of_no_commit(repository: Path, tmp_path: Path) -> None:
    assert work_tree(tmp_path) is None
    (repository / ".gitignore").write_text("installed\n")
    shutil.copytree(repository / "policies", repository / "installed" / "policies")
    assert work_tree(repository / "installed" / "policies") is None


def test_what_policies_hold_is_listed(bundle: Bundle, opa_binary: Path) -> None:
    told = inspect(Source("these", bundle), opa=opa_binary)
    assert told["policy_sha256"] == bundle.content_sha256
    assert [one["runbook"][-2:] for one in told["runbooks"]] == ["v1", "v2", "v3"]
    folders = {folder.name for folder in (resources.policies() / "checks").iterdir() if folder.is_dir()}
    assert {one["name"] for one in told["checks"]} == folders
    assert {one["check"] for one in told["codes"]} == {*folders, "gate"}
    assert all(one["title"] and one["solution"] for one in told["codes"])
    files = {f"policies/{path.relative_to(resources.policies())}" for path in resources.policies().rglob("*.rego")}
    assert set(told["rules"]) == files


def test_the_same_policies_do_not_differ(bundle: Bundle, opa_binary: Path) -> None:
    told = compare(Source("a", bundle), Source("b", bundle), opa=opa_binary)
    assert told["same"] is True
    assert told["parties"] == []
    for kind in ("runbooks", "checks", "codes", "rules"):
        assert told[kind] == {"added": [], "removed": [], "changed": {}}


def test_every_kind_of_difference_is_told(repository: Path, bundle: Bundle, opa_binary: Path) -> None:
    check = "checks/waiver_absence/waiver_absence.rego"
    edit(repository, check, "# title: Waiver absence", "# title: No waiver")
    edit(repository, check, "waiver_absence.open_waiver", "waiver_absence.waiver_open")
    edit(repository, "gate/deny.rego", "Add the checkpoint and its checks to a new revision", "Add it to a revision")
    edit(repository, "runbooks/MKS-PSA-Label-Restore-v3/data.yaml", "retry_budget: 2", "retry_budget: 3")
    edit(repository, "parties/data.yaml", "prequalifiers: [platform-governance]", "prequalifiers: [release-board]")
    shutil.move(
        repository / "policies/runbooks/MKS-PSA-Label-Restore-v1",
        repository / "policies/runbooks/MKS-PSA-Label-Restore-v9",
    )
    told = compare(load("git:main", opa=opa_binary), load("policies", opa=opa_binary), opa=opa_binary)
    assert told["same"] is False
    assert told["runbooks"] == {
        "added": ["MKS-PSA-Label-Restore-v9"],
        "removed": ["MKS-PSA-Label-Restore-v1"],
        "changed": {
            "MKS-PSA-Label-Restore-v3": [{"path": "retry_budget", "old": 2, "new": 3, "words": "retry_budget: 2 -> 3"}]
        },
    }
    assert [change["words"] for change in told["parties"]] == [
        "prequalifiers: platform-governance is removed",
        "prequalifiers: release-board is added",
    ]
    assert [change["words"] for change in told["checks"]["changed"]["waiver_absence"]] == [
        "title: Waiver absence -> No waiver"
    ]
    assert (told["codes"]["added"], told["codes"]["removed"]) == (
        ["waiver_absence.waiver_open"],
        ["waiver_absence.open_waiver"],
    )
    assert list(told["codes"]["changed"]) == ["gate.nothing_to_check"]
    assert list(told["rules"]["changed"]) == [f"policies/{check}", "policies/gate/deny.rego"]


def test_the_allow_list_of_built_ins_is_compared(repository: Path, opa_binary: Path) -> None:
    file = repository / "policies" / "capabilities.json"
    listed = json.loads(file.read_text(encoding="utf-8"))
    listed["builtins"] = [one for one in listed["builtins"] if one["name"] != "lower"]
    listed["builtins"].append({**listed["builtins"][0], "name": "time.now_ns"})
    listed["builtins"][1]["description"] = "another"
    listed["allow_net"] = ["example.com"]
    listed["features"].append("odd_feature")
    file.write_text(json.dumps(listed), encoding="utf-8")
    told = compare(load("git:main", opa=opa_binary), load("policies", opa=opa_binary), opa=opa_binary)
    assert (told["same"], told["old"]["policy_sha256"]) == (False, told["new"]["policy_sha256"])
    assert [row["words"] for row in told["capabilities"]] == [
        "the built-in lower is no longer allowed",
        f"the built-in {listed['builtins'][1]['name']} is described otherwise",
        "the built-in time.now_ns is allowed; it was not",
        "features: odd_feature is added",
        "built-ins may reach example.com; it was no host",
    ]
    shown = "\n".join(compared(told))
    assert "changed: capabilities.json\n  - the built-in lower is no longer allowed\n" in shown
    assert "They are the same." not in shown


def test_a_bundle_does_not_say_what_it_may_use(repository: Path, bundle: Bundle, opa_binary: Path) -> None:
    (repository / "bundle.tar.gz").write_bytes(bundle.raw)
    told = compare(load("bundle.tar.gz", opa=opa_binary), load("policies", opa=opa_binary), opa=opa_binary)
    assert (told["same"], told["capabilities"]) == (True, None)
    shown = "\n".join(compared(told))
    assert "unknown: the allow-list of built-ins of bundle bundle.tar.gz\nThey are the same." in shown
