"""The field names that the policies use where the compiler cannot see what they are used on, and those that there are.

`opa check --schema` types what hangs directly on `input` and on the runbook. A function's argument, an element of a
list and a path that is looked up have no type; their names are looked for here.
"""

from __future__ import annotations

import functools
import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Node = Any
_MEMBER = ("internal.member_2", "internal.member_3")


@dataclass(frozen=True)
class Used:
    """Names that are used in one place.

    Attributes:
        where: file and line.
        names: the fields, in order; `*` for one that is known only when it runs.
        from_input: whether the first is one of the input itself.
    """

    where: str
    names: tuple[str, ...]
    from_input: bool = False


class Schema:
    """A JSON Schema as a tree of fields."""

    def __init__(self, file: Path) -> None:
        self._whole = json.loads(file.read_text(encoding="utf-8"))

    def knows(self, path: tuple[str, ...]) -> bool:
        """Whether there is such a field; `*` stands for any one."""
        nodes = [self._whole]
        for name in path:
            nodes = [inner for node in nodes for inner in self._inner(node, name)]
        return bool(nodes)

    def names(self) -> set[str]:
        """Every field name and every value of an enumeration."""
        return set(_names(self._whole))

    def _inner(self, node: Node, name: str) -> Iterator[Node]:
        node = self._resolved(node)
        for one in (*node.get("anyOf", ()), *node.get("oneOf", ()), *node.get("allOf", ())):
            yield from self._inner(one, name)
        properties = node.get("properties", {})
        yield from (inner for key, inner in properties.items() if name in ("*", key))
        if isinstance(node.get("additionalProperties"), dict) and name not in properties:
            yield node["additionalProperties"]
        if "items" in node and (name == "*" or name.isdigit()):
            yield node["items"]

    def _resolved(self, node: Node) -> Node:
        while "$ref" in node:
            node = self._whole["$defs"][node["$ref"].rsplit("/", 1)[1]]
        return node


def used(root: Path, file: str, opa: Path) -> list[Used]:
    """What a Rego file uses.

    Args:
        root: the repository.
        file: the file's path in it.
        opa: the opa binary.
    """
    tree = _parsed(root, file, opa)
    imported = {str(one["path"]["value"][-1]["value"]) for one in tree.get("imports", [])}
    return [
        Used(f"{file}:{row}", names, from_input)
        for row, names, from_input in _used(tree.get("rules", []), imported, 0)
        if names
    ]


def keys(root: Path, file: str, opa: Path) -> set[str]:
    """The keys of the objects that a Rego file makes itself, and the words that its rules derive."""
    return set(_keys(_parsed(root, file, opa).get("rules", [])))


@functools.cache
def _parsed(root: Path, file: str, opa: Path) -> Node:
    command = [str(opa), "parse", "--format", "json", "--json-include", "locations", file]
    return json.loads(subprocess.run(command, cwd=root, capture_output=True, check=True).stdout)


def _used(node: Node, imported: set[str], row: int) -> Iterator[tuple[int, tuple[str, ...], bool]]:
    if isinstance(node, list):
        for one in node:
            yield from _used(one, imported, row)
    if not isinstance(node, dict):
        return
    row = node.get("location", {}).get("row", row) if isinstance(node.get("location"), dict) else row
    terms = node.get("terms") if isinstance(node.get("terms"), list) else None
    call = node["value"] if node.get("type") == "call" else terms
    if call:
        yield from ((row, names, False) for names in _arguments(call))
        words = call[-1]["value"] if _called(call) in _MEMBER and call[-1]["type"] == "array" else []
        yield from ((row, (str(one["value"]),), False) for one in words if one["type"] == "string")
        yield from _used(call[1 : len(call) - bool(words)], imported, row)
        return
    match node.get("type"):
        case "ref":
            yield row, _fields(node["value"], imported), False
            yield from _used([one for one in node["value"] if one["type"] not in ("string", "var")], imported, row)
        case "array":
            words = tuple(str(one["value"]) if one["type"] == "string" else "*" for one in node["value"])
            yield row, words, len(words) > 1
            yield from _used(node["value"], imported, row)
        case _:
            for key, inner in node.items():
                if key not in ("location", "annotations", "ref", "name"):
                    yield from _used(inner, imported, row)


def _fields(parts: list[Node], imported: set[str]) -> tuple[str, ...]:
    """The names on something without a type: not those of packages and rules."""
    head = parts[0].get("value")
    skipped = len(parts) if head == "data" else 1 + (str(head) in imported)
    return tuple(str(one["value"]) for one in parts[skipped:] if one["type"] == "string")


def _arguments(call: list[Node]) -> Iterator[tuple[str, ...]]:
    """The names that are handed to a lookup by themselves."""
    if _called(call) in ("lookup.field", "object.get") and call[2]["type"] == "string":
        yield (str(call[2]["value"]),)


def _called(call: list[Node]) -> str:
    return ".".join(str(one["value"]) for one in call[0]["value"]) if call[0]["type"] == "ref" else ""


def _keys(node: Node) -> Iterator[str]:
    if isinstance(node, list):
        for one in node:
            yield from _keys(one)
    elif isinstance(node, dict):
        if isinstance(node.get("head"), dict) and node["head"].get("value", {}).get("type") == "string":
            yield str(node["head"]["value"]["value"])
        if node.get("type") == "object":
            yield from (str(key["value"]) for key, _ in node["value"] if key["type"] == "string")
        for inner in node.values():
            yield from _keys(inner)


def _names(node: Node) -> Iterator[str]:
    if isinstance(node, list):
        for one in node:
            yield from _names(one)
    elif isinstance(node, dict):
        yield from node.get("properties", {})
        yield from (one for one in node.get("enum", []) if isinstance(one, str))
        if isinstance(node.get("const"), str):
            yield node["const"]
        for inner in node.values():
            yield from _names(inner)
