"""Pins of released runbook revisions: name and digest, one a line. A pin never changes, and neither does its data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runbook_gate.errors import InvalidDocument
from runbook_gate.policy.runbooks import digest


def read(text: str) -> dict[str, str]:
    """Read the pins.

    Args:
        text: lines of a digest and a name, as `sha256sum` writes them; lines that begin with # say something else.

    Returns:
        Digest by name.

    Raises:
        InvalidDocument: a line is something else, or a name stands there twice.
    """
    pins: dict[str, str] = {}
    for line in (line for line in text.splitlines() if line and not line.startswith("#")):
        sha256, _, name = line.partition("  ")
        if not name or name in pins:
            raise InvalidDocument(f"pins: expected each line to be a digest and a name, each name once: {line}")
        pins[name] = sha256
    return pins


def complaints(pins: Mapping[str, str], revisions: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """What does not agree with the pins, in sentences that say how to mend it.

    Args:
        pins: digest by name.
        revisions: data by name.
    """
    edited = [name for name, sha256 in pins.items() if name in revisions and digest(revisions[name]) != sha256]
    return [
        *(f"{name} is released, and its data is gone: put it back." for name in pins if name not in revisions),
        *(
            f"{name} is released, and its data was edited: take the edit back and make it in a new revision "
            "(CONTRIBUTING.md, `Release a runbook revision`)."
            for name in edited
        ),
        *(f"{name} is not released: run `make release` when it is final." for name in revisions if name not in pins),
    ]


def line(name: str, data: Mapping[str, Any]) -> str:
    """The pin of a revision."""
    return f"{digest(data)}  {name}"
