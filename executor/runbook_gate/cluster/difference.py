"""How an object came back compared with how it was sent: pointers and a count, no values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

_MAX_POINTERS: Final = 64
_MAX_DEPTH: Final = 40
_ABSENT: Final = object()


def differing_pointers(sent: Mapping[str, Any], returned: Mapping[str, Any]) -> list[str]:
    """JSON pointers of the leaves that were sent and came back with another value, or not at all."""
    return [pointer for pointer, value in _leaves(sent) if _at(returned, pointer) != value][:_MAX_POINTERS]


def additions(sent: Mapping[str, Any], returned: Mapping[str, Any]) -> int:
    """Count of the leaves that came back without having been sent."""
    there = {pointer for pointer, _ in _leaves(sent)}
    return sum(1 for pointer, _ in _leaves(returned) if pointer not in there)


def _leaves(value: Any, at: str = "") -> Iterator[tuple[str, Any]]:
    children = _children(value) if at.count("/") < _MAX_DEPTH else []
    if not children:
        yield at, value
    for key, child in children:
        yield from _leaves(child, f"{at}/{key.replace('~', '~0').replace('/', '~1')}")


def _children(value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, dict):
        return list(value.items())
    if isinstance(value, list):
        return [(str(index), child) for index, child in enumerate(value)]
    return []


def _at(value: Any, pointer: str) -> Any:
    for part in pointer.split("/")[1:]:
        children = dict(_children(value))
        value = children.get(part.replace("~1", "/").replace("~0", "~"), _ABSENT)
    return value
