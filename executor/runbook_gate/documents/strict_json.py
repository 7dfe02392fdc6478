"""JSON, read strictly."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Final

from runbook_gate.canonical import LARGEST_INTEGER
from runbook_gate.documents.problems import Problem, Reader

_SHOWN_KEY: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]{0,79}")
_MOST_DIGITS: Final = len(str(LARGEST_INTEGER)) + 1


@dataclass(frozen=True, slots=True)
class _Mark:
    """Stands where a value is that cannot be kept."""

    problem: Problem


class _Members(list[tuple[str, Any]]):
    """An object as it was spelt, repeated keys included."""


def _integer(digits: str) -> int | _Mark:
    if len(digits) > _MOST_DIGITS or abs(int(digits)) > LARGEST_INTEGER:
        return _Mark("big_integer")
    return int(digits)


class JsonReader(Reader):
    """Parses first, leaving a mark where something is wrong, then walks, so that each mark gets its path."""

    def load(self, text: str) -> Any:
        """Read a document.

        Args:
            text: the document.

        Returns:
            Its value.

        Raises:
            Malformed: if something is wrong with it.
        """
        if not text.strip(" \t\r\n"):
            raise self.fault("empty")
        try:
            spelt = json.loads(
                text,
                object_pairs_hook=_Members,
                parse_int=_integer,
                parse_float=lambda _: _Mark("float"),
                parse_constant=lambda _: _Mark("not_finite"),
            )
        except json.JSONDecodeError as error:
            raise self.fault("not_json", f"line {error.lineno}") from None
        except RecursionError:
            raise self.fault("too_deep") from None
        return self._value(spelt, "", 0)

    def _value(self, spelt: Any, where: str, depth: int) -> Any:
        nested = isinstance(spelt, list)
        self.count(where, depth + nested)
        if isinstance(spelt, _Mark):
            raise self.fault(spelt.problem, where)
        if isinstance(spelt, _Members):
            return self._object(spelt, where, depth + 1)
        if isinstance(spelt, list):
            return [self._value(item, f"{where}/{index}", depth + 1) for index, item in enumerate(spelt)]
        return self.string(spelt, where) if isinstance(spelt, str) else spelt

    def _object(self, members: _Members, where: str, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for position, (key, spelt) in enumerate(members):
            path = f"{where}/{key if _SHOWN_KEY.fullmatch(key) else f'(key {position + 1})'}"
            if key in found:
                raise self.fault("duplicate_key", path)
            found[self.string(key, path)] = self._value(spelt, path, depth)
        return found
