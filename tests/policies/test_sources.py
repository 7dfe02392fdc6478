"""Policies by name: a file, a folder, or a revision of a git repository."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.policies.repositories import edit, git

from runbook_gate.errors import InvalidDocument, UsageFault
from runbook_gate.gate.bundle import Bundle
from runbook_gate.policy.git import WorkTree, work_tree
from runbook_gate.policy.sources import load


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
