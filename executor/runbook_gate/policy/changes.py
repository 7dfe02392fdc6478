"""What differs between two documents, value by value, each with its path."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

ABSENT: Final = object()

Path = tuple[str, ...]


@dataclass(frozen=True)
class Change:
    """One value that differs.

    Attributes:
        path: of the value; items of lists by their `name` or `action`, else by position from 1.
        old: ABSENT for what is new.
        new: ABSENT for what is gone.
        item: whether it is one of a list's, of which the others stay.
    """

    path: Path
    old: Any
    new: Any
    item: bool = False

    def document(self) -> dict[str, Any]:
        """For programs: `old` or `new` is left out where there is none."""
        values = {"old": self.old, "new": self.new}
        return {"path": ".".join(self.path), **{key: value for key, value in values.items() if value is not ABSENT}}


def changes(old: Any, new: Any, path: Path = ()) -> Iterator[Change]:
    """Compare two documents.

    Args:
        old: the one.
        new: the other.
        path: where both stand.

    Yields:
        The smallest changes: in objects by member, in lists by item; an item that is new or gone is one change.
    """
    if isinstance(old, dict) and isinstance(new, dict):
        for key in dict.fromkeys([*old, *new]):
            yield from changes(old.get(key, ABSENT), new.get(key, ABSENT), (*path, key))
    elif isinstance(old, list) and isinstance(new, list):
        yield from _items(old, new, path)
    elif old is ABSENT and _composed(new):
        yield from _items([], new, path)
    elif new is ABSENT and _composed(old):
        yield from _items(old, [], path)
    elif old is ABSENT and isinstance(new, dict) and new:
        yield from changes({}, new, path)
    elif new is ABSENT and isinstance(old, dict) and old:
        yield from changes(old, {}, path)
    elif not _same(old, new):
        yield Change(path, old, new)


def _items(old: list[Any], new: list[Any], path: Path) -> Iterator[Change]:
    if _composed([*old, *new]):
        before, after = _keyed(old), _keyed(new)
        for key in dict.fromkeys([*before, *after]):
            if key in before and key in after:
                yield from changes(before[key], after[key], (*path, key))
            else:
                yield Change((*path, key), before.get(key, ABSENT), after.get(key, ABSENT))
        return
    gone = [item for item in old if not any(_same(item, other) for other in new)]
    added = [item for item in new if not any(_same(item, other) for other in old)]
    yield from (Change(path, item, ABSENT, item=True) for item in gone)
    yield from (Change(path, ABSENT, item, item=True) for item in added)
    if not gone and not added and old != new:
        yield Change(path, old, new)


def _composed(value: object) -> bool:
    """Whether it is a list whose items have parts."""
    return isinstance(value, list) and any(isinstance(item, dict | list) for item in value)


def _same(old: Any, new: Any) -> bool:
    """Whether two values are one in JSON too, where 1 is not true."""
    return type(old) is type(new) and old == new


def _keyed(items: list[Any]) -> dict[str, Any]:
    """Items by what names them."""
    keyed: dict[str, Any] = {}
    for position, item in enumerate(items, start=1):
        named = item.get("name", item.get("action")) if isinstance(item, dict) else None
        keyed[str(position) if named is None or str(named) in keyed else str(named)] = item
    return keyed
