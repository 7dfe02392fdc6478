"""Every way in which one fact of an input may be missing (removed, null, empty, of another type), or be another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.policies.asking import Question

Place = tuple[str | int, ...]
Seen = Mapping[str, list[Any]]
_DAY_MS = 86_400_000


@dataclass(frozen=True)
class Lack:
    """One fact that is missing from a good input, or has another value.

    Attributes:
        base: the good input, as `pass/<checkpoint>/<case>`.
        kind: removed, nulled, emptied, retyped, or changed to another plausible value.
        fact: the place without its indices, as `observed.gather.body.registers.*.records`.
        question: the input with that change.
    """

    base: str
    kind: str
    fact: str
    question: Question

    @property
    def checkpoint(self) -> str:
        """The checkpoint that is asked."""
        return self.base.split("/")[1]


def values(documents: Iterable[Any]) -> Seen:
    """The plain values of each fact, over many inputs, each once and in order."""
    seen: dict[str, dict[str, Any]] = defaultdict(dict)
    for document in documents:
        for place, value in _places(document, ()):
            if isinstance(value, str | int):
                seen[fact(place)][repr(value)] = value
    return {name: [found[key] for key in sorted(found)] for name, found in seen.items()}


def lacks(base: str, document: Any, seen: Seen) -> Iterator[Lack]:
    """Each fact of a document missing in each way or changed, one at a time.

    Args:
        base: name of the document.
        document: the input.
        seen: plausible values of each fact.
    """
    for place, value in _places(document, ()):
        yield Lack(base, "removed", fact(place), _question(base, place, {"op": "remove"}))
        for kind, instead in _instead(value):
            yield Lack(base, kind, fact(place), _question(base, place, {"op": "replace", "value": instead}))
        for other in _another(value, seen.get(fact(place), [])):
            yield Lack(base, "changed", fact(place), _question(base, place, {"op": "replace", "value": other}))


def fact(place: Place) -> str:
    """A place without its indices and the names of labels."""
    return ".".join("*" if isinstance(part, int) or "/" in part else part for part in place)


def facts(document: Any) -> set[str]:
    """Every fact of a document."""
    return {fact(place) for place, _ in _places(document, ())}


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


def _another(value: Any, seen: list[Any]) -> list[Any]:
    """Another value of a fact: the next one that some input has, else one that is near."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int) and value > _DAY_MS:
        return [value + _DAY_MS]
    others = [one for one in seen if one != value and (value is None or type(one) is type(value))]
    if others:
        return [next((one for one in others if repr(one) > repr(value)), others[0])]
    match value:
        case str():
            return [f"{value}x"]
        case int():
            return [value + 1]
    return []
