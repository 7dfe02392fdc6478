"""Shape, not meaning: what of a foreign document may be looked at. Anything odd is None."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

MAX_INTEGER: Final = 2**53 - 1
LEVEL_VERSION: Final = r"(?:privileged|baseline|restricted):(?:latest|v1\.(?:0|[1-9][0-9]{0,3}))"

_NOTHING: Final[Mapping[str, Any]] = {}


def parse_object(body: bytes) -> Mapping[str, Any]:
    """The JSON object in an answer's body; empty for anything else."""
    try:
        return mapping(json.loads(body))
    except (ValueError, RecursionError):
        return _NOTHING


def mapping(value: object) -> Mapping[str, Any]:
    """An object; empty for anything else."""
    return value if isinstance(value, dict) else _NOTHING


def sequence(value: object) -> list[Any]:
    """A list; empty for anything else."""
    return value if isinstance(value, list) else []


def text(value: object, limit: int = 253) -> str | None:
    """A printable string of at most `limit` characters."""
    kept = isinstance(value, str) and len(value) <= limit and value.isprintable()
    return value if kept and isinstance(value, str) else None


def matched(pattern: re.Pattern[str], value: object) -> str | None:
    """A string that matches as a whole."""
    return value if isinstance(value, str) and pattern.fullmatch(value) else None


def integer(value: object) -> int | None:
    """An integer that canonical JSON can hold."""
    kept = isinstance(value, int) and not isinstance(value, bool) and abs(value) <= MAX_INTEGER
    return value if kept and isinstance(value, int) else None
