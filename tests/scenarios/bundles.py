"""Bundles of the shipped policies with a change, as somebody might make who replaced the policy."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from runbook_gate import resources
from runbook_gate.configuration import Opa
from runbook_gate.gate.build import build
from runbook_gate.gate.bundle import Bundle
from runbook_gate.gate.sidecar import Sidecar

Change = tuple[str, str]
Changes = Mapping[str, list[Change] | str]


def edited(folder: Path, opa: Path, changes: Changes) -> Bundle:
    """Build the shipped policies with changes.

    Args:
        folder: where the copy is made.
        opa: the binary.
        changes: by path below policies/: the text of a new file, or changes of one that is there, each the old
            text, which must stand there exactly once, and the new one.
    """
    return build(_changed_copy(folder, changes), opa=opa)


def unchecked(folder: Path, opa: Path, changes: Changes) -> Bundle:
    """The same past the allow-list of built-ins, as `opa build` does it without."""
    _changed_copy(folder, changes)
    out, revision = folder / "unchecked.tar.gz", ""
    for _ in range(2):
        arguments = ["build", "-b", "policies", "-O0", "-o", str(out), "-r", revision]
        subprocess.run([opa, *arguments], cwd=folder, check=True)
        bundle = Bundle.parse(out.read_bytes(), source=str(out))
        revision = bundle.content_sha256
    return bundle


def _changed_copy(folder: Path, changes: Changes) -> Path:
    policies = folder / "policies"
    shutil.copytree(resources.policies(), policies)
    for name, change in changes.items():
        file = policies / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(change if isinstance(change, str) else _changed(file, change), encoding="utf-8")
    return policies


def _changed(file: Path, changes: list[Change]) -> str:
    text = file.read_text(encoding="utf-8")
    for old, new in changes:
        assert text.count(old) == 1, f"{file.name}: {text.count(old)} times: {old}"
        text = text.replace(old, new)
    return text


@contextlib.contextmanager
def served(folder: Path, opa: Path, bundle: Bundle) -> Iterator[dict[str, Any]]:
    """A real OPA that serves a bundle; the settings with which a run uses both."""
    file = folder / "bundle.tar.gz"
    file.write_bytes(bundle.raw)
    with Sidecar(opa, bundle) as sidecar:
        yield {"bundle": file, "opa": Opa(socket=Path(str(sidecar.address.socket)))}
