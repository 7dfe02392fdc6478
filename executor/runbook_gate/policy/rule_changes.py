"""How the rules of two bundles differ: by what they do, not by how they are written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from runbook_gate.policy.rules import Definition, digests, rules

_PACKAGE: Final = re.compile(rb"^package[ \t]+(\S+)", re.MULTILINE)

Files = Mapping[str, bytes]


def rule_changes(old: Files, new: Files, *, opa: Path) -> dict[str, Any]:
    """Say which rules differ.

    Args:
        old: the files of the one bundle.
        new: those of the other.
        opa: the opa binary.

    Returns:
        The names of rules that are `added` and `removed`, each with its place, and of those that are `changed` the
        definitions that only one side has.

    Raises:
        InvalidDocument: with OPA's own words, if a file does not parse.
        EnvironmentFault: opa cannot be run.
    """
    packages = {_package(raw) for one, other in ((old, new), (new, old)) for raw in _differing(one, other)}
    before, after = (rules(_of_packages(files, packages), opa=opa) for files in (old, new))
    return {
        "added": {name: _place(after[name]) for name in after if name not in before},
        "removed": {name: _place(before[name]) for name in before if name not in after},
        "changed": {
            name: {"old": _only(before[name], after[name]), "new": _only(after[name], before[name])}
            for name in before
            if name in after and digests(before[name]) != digests(after[name])
        },
    }


def _differing(files: Files, others: Files) -> Iterable[bytes]:
    return (raw for path, raw in files.items() if path.endswith(".rego") and others.get(path) != raw)


def _package(raw: bytes) -> bytes:
    found = _PACKAGE.search(raw)
    return found[1] if found else b""


def _of_packages(files: Files, packages: set[bytes]) -> Files:
    """The files in which a rule can be that differs; to parse all of them takes a second."""
    return {path: raw for path, raw in files.items() if path.endswith(".rego") and _package(raw) in packages}


def _place(definitions: Sequence[Definition]) -> str:
    return f"{definitions[0].file}:{definitions[0].line}"


def _only(definitions: Sequence[Definition], others: Sequence[Definition]) -> list[dict[str, Any]]:
    known = digests(others)
    return [{"file": one.file, "line": one.line, "text": one.text} for one in definitions if one.sha256 not in known]
