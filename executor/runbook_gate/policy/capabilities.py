"""How two allow-lists of built-ins differ: capabilities.json is no part of a bundle, and decides what builds."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from runbook_gate.shapes import mapping, parse_object, sequence

FILE: Final = "capabilities.json"


def read(policies: Path) -> Mapping[str, Any]:
    """The allow-list of a folder that builds; empty if it is odd in a way that OPA does not mind."""
    return parse_object((policies / FILE).read_bytes())


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Each difference, in words.

    Args:
        old: the one allow-list.
        new: the other.

    Returns:
        Rows with `path` and `words`.
    """
    return [{"path": path, "words": words} for path, words in _told(old, new)]


def _told(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    before, after = _built_ins(old), _built_ins(new)
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) != after.get(name):
            yield f"builtins.{name}", f"the built-in {name} {_change(name, before, after)}"
    for key in sorted((old.keys() | new.keys()) - {"builtins", "allow_net"}):
        yield from _items(key, old.get(key), new.get(key))
    if old.get("allow_net") != new.get("allow_net"):
        yield "allow_net", f"built-ins may reach {_hosts(new)}; it was {_hosts(old)}"


def _built_ins(listed: Mapping[str, Any]) -> dict[str, Any]:
    return {str(one.get("name")): one for one in map(mapping, sequence(listed.get("builtins")))}


def _change(name: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    if name not in before:
        return "is allowed; it was not"
    return "is described otherwise" if name in after else "is no longer allowed"


def _items(key: str, old: object, new: object) -> Iterator[tuple[str, str]]:
    if not (isinstance(old, list | None) and isinstance(new, list | None)):
        if old != new:
            yield key, f"{key}: {json.dumps(old)} -> {json.dumps(new)}"
        return
    yield from ((key, f"{key}: {item} is added") for item in new or [] if item not in (old or []))
    yield from ((key, f"{key}: {item} is removed") for item in old or [] if item not in (new or []))


def _hosts(listed: Mapping[str, Any]) -> str:
    if not isinstance(listed.get("allow_net"), list):
        return "every host"
    return ", ".join(map(str, listed["allow_net"])) or "no host"
