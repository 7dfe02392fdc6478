"""Policies by name: a bundle file, a policies/ folder, an archived digest or a git revision, each as a bundle."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from runbook_gate.errors import UnknownRecord, UsageFault
from runbook_gate.gate.build import build
from runbook_gate.gate.bundle import Bundle
from runbook_gate.ledger.archive import is_digits
from runbook_gate.policy import capabilities, git

_GIT: Final = "git:"


@dataclass(frozen=True)
class Source:
    """Some policies.

    Attributes:
        name: for people.
        bundle: what they build to.
        capabilities: the built-ins that they may use; None where that is not known, since a bundle does not say it.
    """

    name: str
    bundle: Bundle
    capabilities: Mapping[str, Any] | None = None


def folder(policies: Path, name: str, *, opa: Path) -> Source:
    """The policies of a folder.

    Args:
        policies: the folder.
        name: for people.
        opa: the opa binary.

    Raises:
        InvalidDocument: with OPA's own words, if they do not build.
        EnvironmentFault: opa cannot be run.
    """
    return Source(name, build(policies, opa=opa), capabilities.read(policies))


def load(named: str, *, opa: Path, archived: Callable[[str], bytes] | None = None) -> Source:
    """Load policies.

    Args:
        named: a bundle file, a folder named `policies`, the digest of an archived bundle, or a git revision, with or
            without `git:` before it.
        opa: the opa binary.
        archived: reads a bundle by its digest, or raises UnknownRecord; None where there is no archive.

    Raises:
        UsageFault: it is none of these.
        InvalidDocument: the policies do not build, or the file is no bundle.
        EnvironmentFault: opa or git cannot be run.
    """
    path = Path(named)
    if not named.startswith(_GIT):
        if path.is_file():
            return Source(f"bundle {named}", Bundle.parse(path.read_bytes(), source=named))
        if path.is_dir():
            return folder(path.resolve(), f"folder {named}", opa=opa)
        if archived is not None and is_digits(named):
            with suppress(UnknownRecord):
                return Source(f"archived {named[:16]}", Bundle.parse(archived(named), source=named))
    return _revision(named, opa)


def _revision(named: str, opa: Path) -> Source:
    revision = named.removeprefix(_GIT)
    commit = git.commit_of(revision, Path.cwd())
    if commit is None:
        raise UsageFault(
            f"{named}: there is no such file or folder, and no such git revision here.",
            advice="Name a bundle file, a folder named policies, or a git revision such as HEAD~1 or git:main.",
        )
    with tempfile.TemporaryDirectory(prefix="runbook-gate-") as unpacked:
        if not git.unpack(commit, "policies", repository=Path.cwd(), into=Path(unpacked)):
            raise UsageFault(f"{named}: this revision has no folder policies.", advice="Name a later one.")
        return folder(Path(unpacked) / "policies", f"git {commit[:12]}", opa=opa)
