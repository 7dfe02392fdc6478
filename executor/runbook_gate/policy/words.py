"""A change of runbook or parties data, in words."""

from __future__ import annotations

import json
from collections.abc import Iterator

from runbook_gate.policy.changes import ABSENT, Change
from runbook_gate.policy.durations import seconds
from runbook_gate.policy.vocabulary import subject
from runbook_gate.shapes import mapping


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
        case ("checkpoints", step, checkpoint, "next", verdict, _):
            return _candidate(checkpoint, verdict, step, change)
        case _:
            return _value(subject(change.path) or ".".join(change.path), change)


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


def _candidate(checkpoint: str, verdict: str, step: str, change: Change) -> str:
    if change.old is ABSENT:
        return f"at {checkpoint} {verdict} now leads to {_led(change.new, step)}"
    return f"at {checkpoint} {verdict} no longer leads to {_led(change.old, step)}"


def _led(one: object, step: str) -> str:
    stated = mapping(one)
    other = f" of {stated['step']}" if stated.get("step") not in (None, step) else ""
    return f"{stated.get('action')}, {stated.get('checkpoint') or 'the end'}{other}"


def _value(named: str, change: Change) -> str:
    in_ms = "limits_ms" in change.path[:1] or any(part.endswith("_ms") for part in change.path[-1:])
    old, new = (_shown(value, in_ms=in_ms) for value in (change.old, change.new))
    if old == new and ABSENT not in (change.old, change.new):  # such as 2 and "2"
        old, new = json.dumps(change.old), json.dumps(change.new)
    if change.old is ABSENT:
        return f"{named}: {new}, too" if change.item else f"{named}: {new}; it was not stated"
    if change.new is ABSENT:
        return f"{named}: no longer {old}" if change.item else f"{named}: no longer stated; it was {old}"
    return f"{named}: {old} -> {new}"


def _shown(value: object, *, in_ms: bool) -> str:
    return seconds(value) if in_ms and isinstance(value, int) and not isinstance(value, bool) else _plain(value)


def _plain(value: object) -> str:
    match value:
        case list() | dict() if value:
            return ", ".join(" ".join(part for part in leaf if part) for leaf in _leaves(value))
        case str() if value:
            return value
        case list() | dict():
            return "nothing"
    return json.dumps(value if value is not ABSENT else None)


def _leaves(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    """Each plain value in a composed one, after its path."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _leaves(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list) and value and any(isinstance(item, dict | list) for item in value):
        for position, inner in enumerate(value, start=1):
            yield from _leaves(inner, f"{path}.{position}" if path else str(position))
    elif isinstance(value, list) and value:
        yield path, ", ".join(map(_plain, value))
    else:
        yield path, _plain(value)
