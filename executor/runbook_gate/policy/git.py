"""The little that is asked of git: which commit policies are of, and what they were at another."""

from __future__ import annotations

import io
import shutil
import subprocess
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from runbook_gate.errors import EnvironmentFault

_TIMEOUT_S: Final = 60.0


@dataclass(frozen=True)
class WorkTree:
    """Where a folder stands in its repository.

    Attributes:
        commit: the commit that is checked out.
        changed: paths below the folder that differ from it, new files included.
    """

    commit: str
    changed: tuple[str, ...]


def work_tree(folder: Path) -> WorkTree | None:
    """Find out which commit a folder is of.

    Args:
        folder: any folder.

    Returns:
        None outside of a repository with a commit, for a folder that its repository does not keep, and without git.
    """
    if shutil.which("git") is None:
        return None
    commit = _run(["rev-parse", "--verify", "--quiet", "HEAD"], folder)
    if commit is None or not _run(["ls-tree", "--name-only", "HEAD", "."], folder):
        return None
    status = _run(["status", "--porcelain", "-z", "--untracked-files=all", "--no-renames", "--", "."], folder) or b""
    changed = tuple(line[3:].decode(errors="replace") for line in status.split(b"\0") if line)
    return WorkTree(commit.decode().strip(), changed)


def commit_of(revision: str, folder: Path) -> str | None:
    """Resolve a revision; None if there is no such commit, or no repository."""
    found = _run(["rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"], folder)
    return found.decode().strip() if found else None


def unpack(commit: str, name: str, *, repository: Path, into: Path) -> bool:
    """Write a folder as it was at a commit.

    Args:
        commit: the commit.
        name: path of the folder from the top of the repository.
        repository: any folder of it.
        into: where the folder is made.

    Returns:
        Whether the commit has the folder.
    """
    top = _run(["rev-parse", "--show-toplevel"], repository)
    archive = top and _run(["archive", "--format=tar", commit, name], Path(top.decode().removesuffix("\n")))
    if not archive:
        return False
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        tar.extractall(into, filter="data")
    return True


def _run(arguments: Sequence[str], folder: Path) -> bytes | None:
    """What git prints; None if it refuses."""
    git = shutil.which("git")
    try:
        if git is None:
            raise FileNotFoundError("git")
        done = subprocess.run(
            [git, *arguments],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as fault:
        raise EnvironmentFault(f"git could not be run: {type(fault).__name__}.", advice="Install git.") from fault
    return done.stdout if done.returncode == 0 else None
