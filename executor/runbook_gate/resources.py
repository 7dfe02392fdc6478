"""Where the shipped policies and schemas lie: in the package when installed, beside it in a checkout."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from runbook_gate.errors import EnvironmentFault

_PACKAGE = Path(__file__).resolve().parent


def _shipped(name: str) -> Path:
    for candidate in (_PACKAGE / name, _PACKAGE.parents[1] / name):
        if candidate.is_dir():
            return candidate
    raise EnvironmentFault(f"The folder {name}/ is not there.", advice="Install runbook-gate again.")


def policies() -> Path:
    """The shipped policies/ folder."""
    return _shipped("policies")


def capabilities() -> Path:
    """The allow-list of built-ins."""
    return policies() / "capabilities.json"


@cache
def schema(name: str) -> dict[str, Any]:
    """A shipped JSON Schema.

    Args:
        name: the file's stem, such as `decision`.
    """
    document: dict[str, Any] = json.loads((_shipped("schemas") / f"{name}.json").read_text(encoding="utf-8"))
    return document
