"""Runbook revisions in a bundle: by name and by digest."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from runbook_gate.canonical import sha256_hex
from runbook_gate.errors import UnknownRecord
from runbook_gate.gate.bundle import Bundle
from runbook_gate.shapes import mapping

# What may still change when a revision was released: a later one takes its place.
_AFTER_RELEASE: Final = frozenset({"status", "successor"})


def revisions(bundle: Bundle) -> dict[str, Mapping[str, Any]]:
    """The data of every revision, by name."""
    return {name: mapping(data) for name, data in sorted(mapping(bundle.data.get("runbooks")).items())}


def resolve(bundle: Bundle, named: str) -> str:
    """The full name of a revision.

    Args:
        bundle: the policies.
        named: a full name, or its end, such as `v3`.

    Raises:
        UnknownRecord: the bundle has none of this name, or several.
    """
    known = revisions(bundle)
    if named in known:
        return named
    found = [name for name in known if name.endswith(f"-{named}")]
    if len(found) != 1:
        several = f"several revisions that end in -{named}" if found else f"no runbook {named}"
        raise UnknownRecord(f"These policies have {several}.", advice=f"There are: {', '.join(known) or 'none'}.")
    return found[0]


def digest(data: Mapping[str, Any]) -> str:
    """Digest of what a revision says: SHA-256 over its data as JSON with sorted keys and without spaces.

    Status and successor are left out: they change when a later revision takes its place. Comments and the order of
    keys do not count.
    """
    said = {key: value for key, value in data.items() if key not in _AFTER_RELEASE}
    return sha256_hex(json.dumps(said, sort_keys=True, separators=(",", ":")).encode())


def owner(bundle: Bundle, name: str) -> Mapping[str, Any]:
    """Who receives the packets of a revision's runs, as parties data says."""
    parties = mapping(bundle.data.get("parties"))
    stated = mapping(mapping(parties.get("runbooks")).get(name)).get("owner")
    return mapping(stated) or mapping(parties.get("default_owner"))
