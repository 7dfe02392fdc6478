"""The facts of a decision input by pattern, each under its path as Rego writes it.

A pattern is a path without `input`, its parts separated by dots; `*` stands for every key or position.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

_PLAIN: Final = re.compile(r"[a-z_][a-z0-9_]*")


def at(document: object, pattern: str) -> dict[str, Any]:
    """The facts that a pattern names.

    Args:
        document: a decision input.
        pattern: such as `observed.gather.body.registers.*.records`.

    Returns:
        Values by path; None under the pattern's own path where there is nothing.
    """
    found = {written(path): value for path, value in _walk(document, pattern.split("."), ())}
    return found or {f"input.{pattern}": None}


def written(path: tuple[str | int, ...]) -> str:
    """A path as policies write it: `input.rounds[0].body`."""
    return "input" + "".join(_part(part) for part in path)


def _part(part: str | int) -> str:
    if isinstance(part, str) and _PLAIN.fullmatch(part):
        return f".{part}"
    return f"[{json.dumps(part, ensure_ascii=False)}]"


def _walk(
    value: object, pattern: list[str], path: tuple[str | int, ...]
) -> Iterator[tuple[tuple[str | int, ...], object]]:
    if not pattern:
        yield path, value
        return
    wanted, rest = pattern[0], pattern[1:]
    for key, inner in _members(value):
        if wanted in ("*", key):
            yield from _walk(inner, rest, (*path, key))


def _members(value: object) -> Iterator[tuple[str | int, object]]:
    if isinstance(value, dict):
        yield from value.items()
    elif isinstance(value, list):
        yield from enumerate(value)
