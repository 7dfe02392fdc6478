"""A git repository with the shipped policies, whose files a test edits."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from runbook_gate import resources


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
