"""What policies hold: runbook revisions, checks, codes, rules and files, each with what tells it from another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from runbook_gate.canonical import sha256_hex
from runbook_gate.gate.bundle import Bundle
from runbook_gate.policy import capabilities
from runbook_gate.policy.catalog import Catalog, catalog
from runbook_gate.policy.changes import Change, changes
from runbook_gate.policy.rule_changes import rule_changes
from runbook_gate.policy.rules import IMPORTS, rules
from runbook_gate.policy.runbooks import digest, revisions
from runbook_gate.policy.sources import Source
from runbook_gate.policy.words import words
from runbook_gate.shapes import mapping

# Where a rule stands is no change of what it says.
_PLACE = ("file", "line")


def inspect(source: Source, *, opa: Path) -> dict[str, Any]:
    """List what policies hold.

    Args:
        source: the policies.
        opa: the opa binary.

    Raises:
        InvalidDocument: with OPA's own words, if the bundle does not parse.
        EnvironmentFault: opa cannot be run.
    """
    known = catalog(source.bundle, opa=opa)
    return {
        **_side(source),
        "runbooks": [
            {"runbook": name, "status": data.get("status"), "successor": data.get("successor"), "sha256": digest(data)}
            for name, data in revisions(source.bundle).items()
        ],
        "checks": [asdict(check) for _, check in sorted(known.checks.items())],
        "codes": [asdict(code) for _, code in sorted(known.codes.items())],
        "rules": [
            {"rule": one.rule, "file": one.file, "line": one.line, "sha256": one.sha256}
            for name, found in rules(source.bundle.files, opa=opa).items()
            if not name.startswith(IMPORTS)
            for one in found
        ],
        "files": _files(source.bundle),
    }


def compare(old: Source, new: Source, *, opa: Path) -> dict[str, Any]:
    """Say how policies differ.

    Args:
        old: the one.
        new: the other.
        opa: the opa binary.

    Raises:
        InvalidDocument: with OPA's own words, if a bundle does not parse.
        EnvironmentFault: opa cannot be run.
    """
    before, after = catalog(old.bundle, opa=opa), catalog(new.bundle, opa=opa)
    allowed = _allowed(old, new)
    return {
        "old": _side(old),
        "new": _side(new),
        "same": old.bundle.content_sha256 == new.bundle.content_sha256 and not allowed,
        "capabilities": allowed,
        "runbooks": _members(revisions(old.bundle), revisions(new.bundle)),
        "parties": [_told(one) for one in changes(_parties(old), _parties(new))],
        "checks": _members(_checks(before), _checks(after)),
        "codes": _members(_codes(before), _codes(after)),
        "rules": rule_changes(old.bundle.files, new.bundle.files, opa=opa),
        "files": _members(_files(old.bundle), _files(new.bundle)),
    }


def _side(source: Source) -> dict[str, Any]:
    known = source.capabilities is not None
    return {"policies": source.name, "policy_sha256": source.bundle.content_sha256, "capabilities_known": known}


def _allowed(old: Source, new: Source) -> list[dict[str, Any]] | None:
    """How the allow-lists of built-ins differ; None if one of them is not known."""
    if old.capabilities is None or new.capabilities is None:
        return None
    return capabilities.differences(old.capabilities, new.capabilities)


def _parties(source: Source) -> dict[str, Any]:
    return dict(mapping(source.bundle.data.get("parties")))


def _checks(known: Catalog) -> dict[str, Any]:
    return {name: _said(asdict(check)) for name, check in sorted(known.checks.items())}


def _codes(known: Catalog) -> dict[str, Any]:
    return {name: _said(asdict(code)) for name, code in sorted(known.codes.items())}


def _said(stated: dict[str, Any]) -> dict[str, Any]:
    return {key: list(value) if key == "reads" else value for key, value in stated.items() if key not in _PLACE}


def _files(bundle: Bundle) -> dict[str, str]:
    return {path: sha256_hex(raw) for path, raw in sorted(bundle.files.items()) if path.endswith(".rego")}


def _members(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    changed = {
        name: [_told(one) for one in changes(_plain(old[name]), _plain(new[name]))]
        for name in old
        if name in new and old[name] != new[name]
    }
    return {
        "added": [name for name in new if name not in old],
        "removed": [name for name in old if name not in new],
        "changed": changed,
    }


def _plain(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else value


def _told(change: Change) -> dict[str, Any]:
    return {**change.document(), "words": words(change)}
