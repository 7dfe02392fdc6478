"""A change of runbook or parties data, in words."""

from __future__ import annotations

import json

from runbook_gate.policy.changes import ABSENT, Change
from runbook_gate.policy.durations import seconds


def words(change: Change) -> str:
    """Say what a change does.

    Args:
        change: of a runbook revision's data, or of parties data.
    """
    match change.path:
        case ("checkpoints", _, checkpoint, "checks"):
            return _checks(checkpoint, change)
        case ("checkpoints", _, checkpoint, "answers", code):
            return _answer(checkpoint, code, change)
        case _:
            return _value(".".join(change.path), change)


def _checks(checkpoint: str, change: Change) -> str:
    if change.old is ABSENT:
        return f"{checkpoint} asks {_plain(change.new)}; it did not before"
    if change.new is ABSENT:
        return f"{checkpoint} no longer asks {_plain(change.old)}"
    return f"{checkpoint} asks its checks in another order"


def _answer(checkpoint: str, code: str, change: Change) -> str:
    old = "final" if change.old is ABSENT else f"answered with {change.old}"
    new = "final" if change.new is ABSENT else f"answered with {change.new}"
    return f"at {checkpoint} {code} is {new}; it was {old}"


def _value(path: str, change: Change) -> str:
    in_ms = path.rpartition(".")[2].endswith("_ms") or "limits_ms." in path
    old, new = (_shown(value, in_ms=in_ms) for value in (change.old, change.new))
    if change.old is ABSENT:
        return f"{path}: {new} is added"
    if change.new is ABSENT:
        return f"{path}: {old} is removed"
    return f"{path}: {old} -> {new}"


def _shown(value: object, *, in_ms: bool) -> str:
    return seconds(value) if in_ms and isinstance(value, int) else _plain(value)


def _plain(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(_plain, value)) or "an empty list"
    return value if isinstance(value, str) and value else json.dumps(value if value is not ABSENT else None)
