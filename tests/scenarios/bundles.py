"""Bundles of the shipped policies with a change, as somebody might make who replaced the policy."""

from __future__ import annotations

import contextlib
import shutil
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
    policies = folder / "policies"
    shutil.copytree(resources.policies(), policies)
    for name, change in changes.items():
        file = policies / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(change if isinstance(change, str) else _changed(file, change), encoding="utf-8")
    return build(policies, opa=opa)


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
