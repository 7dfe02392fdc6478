"""Every way in which one fact of an input may be missing: removed, null, empty, or of another type."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.policies.asking import Question

Place = tuple[str | int, ...]


@dataclass(frozen=True)
class Lack:
    """One fact that is missing from a good input.

    Attributes:
        base: the good input, as `pass/<checkpoint>/<case>`.
        kind: removed, nulled, emptied or retyped.
        fact: the place without its indices, as `observed.gather.body.registers.*.records`.
        question: the input without the fact.
    """

    base: str
    kind: str
    fact: str
    question: Question

    @property
    def checkpoint(self) -> str:
        """The checkpoint that is asked."""
        return self.base.split("/")[1]


def lacks(base: str, document: Any) -> Iterator[Lack]:
    """Each fact of a document missing in each way, one at a time."""
    for place, value in _places(document, ()):
        yield Lack(base, "removed", fact(place), _question(base, place, {"op": "remove"}))
        for kind, instead in _instead(value):
            yield Lack(base, kind, fact(place), _question(base, place, {"op": "replace", "value": instead}))


def fact(place: Place) -> str:
    """A place without its indices and the names of labels."""
    return ".".join("*" if isinstance(part, int) or "/" in part else part for part in place)


def _places(value: Any, place: Place) -> Iterator[tuple[Place, Any]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield (*place, key), item
        yield from _places(item, (*place, key))


def _question(base: str, place: Place, operation: dict[str, Any]) -> Question:
    pointer = "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in place)
    return Question(base, ({**operation, "path": pointer},))


def _instead(value: Any) -> Iterator[tuple[str, Any]]:
    """What may stand in place of a value, where that is another value."""
    match value:
        case None:
            yield from (("emptied", ""), ("retyped", {}))
        case bool():
            yield from (("nulled", None), ("retyped", str(value).lower()))
        case int():
            yield from (("nulled", None), ("retyped", str(value)))
        case str():
            yield from (("nulled", None), ("retyped", [value]))
            yield from [("emptied", "")] if value else []
        case list():
            yield from (("nulled", None), ("retyped", {str(index): item for index, item in enumerate(value)}))
            yield from [("emptied", [])] if value else []
        case dict():
            yield from (("nulled", None), ("retyped", list(value.values())))
            yield from [("emptied", {})] if value else []
