"""The rules of a bundle, each by package, name and arity, and by what its syntax tree says.

Comments, METADATA, layout and places are no part of the tree, so only a change of what a rule does changes its digest.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from runbook_gate.canonical import sha256_hex
from runbook_gate.gate.command import run_opa

IMPORTS: Final = "imports of "
_NO_MEANING: Final = frozenset({"location", "annotations", "comments"})
_PROCESSES: Final = 4


@dataclass(frozen=True)
class Definition:
    """One definition of a rule; a rule may have several.

    Attributes:
        rule: package and name, and the arity of a function, such as `data.facts.registers.fresh/1`; or the imports of
            a file, such as `imports of policies/gate/gate.rego`.
        sha256: digest of its syntax tree.
        file: path in the bundle.
        line: where it begins.
        text: as it is written.
    """

    rule: str
    sha256: str
    file: str
    line: int
    text: str


def rules(files: Mapping[str, bytes], *, opa: Path) -> dict[str, list[Definition]]:
    """The rules of some files.

    Args:
        files: Rego by path in the bundle; others are left out.
        opa: the opa binary.

    Returns:
        The definitions of each rule, in the order of files and lines.

    Raises:
        InvalidDocument: with OPA's own words, if a file does not parse.
        EnvironmentFault: opa cannot be run.
    """
    rego = sorted((path, raw) for path, raw in files.items() if path.endswith(".rego"))
    with ThreadPoolExecutor(_PROCESSES) as pool:  # one process of OPA for each file
        parsed = list(pool.map(lambda one: list(_definitions(one[0], one[1], opa)), rego))
    found: dict[str, list[Definition]] = {}
    for definition in (one for of_file in parsed for one in of_file):
        found.setdefault(definition.rule, []).append(definition)
    return dict(sorted(found.items()))


def digests(definitions: Iterable[Definition]) -> frozenset[str]:
    """What a rule says; the order of its definitions says nothing, and neither does a repetition."""
    return frozenset(one.sha256 for one in definitions)


def _definitions(path: str, raw: bytes, opa: Path) -> Iterator[Definition]:
    with tempfile.TemporaryDirectory(prefix="runbook-gate-") as folder:
        (Path(folder) / "module.rego").write_bytes(raw)
        arguments = ["parse", "--format", "json", "--json-include", "locations,-comments", "module.rego"]
        tree = json.loads(run_opa(arguments, opa=opa, cwd=Path(folder), source=path))
    package = ".".join(str(part["value"]) for part in tree["package"]["path"])
    lines, imports, found = raw.decode(errors="replace").splitlines(), tree.get("imports", []), tree.get("rules", [])
    named = [(f"{IMPORTS}{path}", imports)] if imports else []
    for name, parts in (*named, *((_name(package, one), [one]) for one in found)):
        first, last = (parts[at]["location"]["row"] for at in (0, -1))
        yield Definition(name, _digest(parts), path, first, _text(lines, first, last, [*imports, *found]))


def _name(package: str, rule: Mapping[str, Any]) -> str:
    head = rule["head"]
    name = package
    for at, part in enumerate(head["ref"]):
        if at and part["type"] != "string":
            break
        name += f".{part['value']}"
    return f"{name}/{len(head['args'])}" if head.get("args") else name


def _digest(parts: list[Any]) -> str:
    trees = sorted(json.dumps(_meaning(part), sort_keys=True) for part in parts)
    return sha256_hex("\n".join(trees).encode())


def _meaning(node: Any) -> Any:
    if isinstance(node, list):
        return [_meaning(item) for item in node]
    if isinstance(node, dict):
        return {key: _meaning(value) for key, value in node.items() if key not in _NO_MEANING}
    return node


def _text(lines: list[str], first: int, last: int, statements: list[Any]) -> str:
    """The lines from a statement on, up to the next one, without the comments that introduce that."""
    following = [one["location"]["row"] for one in statements if one["location"]["row"] > last]
    kept = lines[first - 1 : min(following, default=len(lines) + 1) - 1]
    while kept and (not kept[-1].strip() or kept[-1].startswith("#")):
        kept.pop()
    return "\n".join(kept)
