"""Every careless edit of a Rego file that is one change: what the tests have to notice.

Found on OPA's own syntax tree, whose places carry the text; changed in the text, so that a mutant can be read.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.mutants.places import Node, Places

_COMPARISONS = {
    "equal": {"==": ["!="]},
    "neq": {"!=": ["=="]},
    "lt": {"<": ["<=", ">"]},
    "lte": {"<=": ["<", ">="]},
    "gt": {">": [">=", "<"]},
    "gte": {">=": [">", "<="]},
}


@dataclass(frozen=True)
class Mutant:
    """One change of one file.

    Attributes:
        file: path of the file, as `policies/gate/gate.rego`.
        name: what is changed, in a form that outlives edits elsewhere in the file.
        text: the whole file with the change.
    """

    file: str
    name: str
    text: str


@dataclass(frozen=True)
class _Change:
    """What is done, from where to where, with what instead, and within what."""

    what: str
    start: int
    end: int
    instead: str
    within: str = ""


def mutants(root: Path, file: str, opa: Path) -> list[Mutant]:
    """Every mutant of a file.

    Args:
        root: the repository.
        file: the file's path in it.
        opa: the opa binary.
    """
    source = (root / file).read_text(encoding="utf-8")
    command = [str(opa), "parse", "--format", "json", "--json-include", "locations", file]
    tree = json.loads(subprocess.run(command, cwd=root, capture_output=True, check=True).stdout)
    times: Counter[str] = Counter()
    found: dict[str, Mutant] = {}
    for rule, change in _of_module(tree, Places(source)):
        text = source[: change.start] + change.instead + source[change.end :]
        name = f"{rule}: {_told(change, source)}"
        if text not in found:
            times[name] += 1
            found[text] = Mutant(file, name if times[name] == 1 else f"{name} ({times[name]})", text)
    return list(found.values())


def _told(change: _Change, source: str) -> str:
    before = " ".join(source[change.start : change.end].split())
    match change.what:
        case "remove":
            return f"remove {before}"
        case "negate":
            return f"negate {change.within}"
        case "quantify":
            return f"other quantifier in {before}"
    return f"{before} -> {change.instead} in {change.within}"


def _of_module(tree: Node, place: Places) -> Iterator[tuple[str, _Change]]:
    for imported in tree.get("imports", []):
        if place.text(imported["path"]) == "future.keywords.not":
            start, end = place.span(imported["path"])
            yield "import", _Change("remove", start - len("import "), end, "")
    for rule in tree.get("rules", []):
        start, end = place.span(rule)
        if rule.get("default"):
            end = place.source.index("\n", start)
        name = str(rule["head"]["ref"][0]["value"])
        yield name, _Change("remove", start, end, "")
        for change in _of_rule(rule, place):
            yield name, change


def _of_rule(rule: Node, place: Places) -> Iterator[_Change]:
    branch: Node | None = rule
    while branch is not None:
        head = branch["head"]
        for node in (head.get("value"), head.get("key"), *head.get("args", [])):
            yield from _of_node(node, place, f"the head of {place.text(branch).split(chr(10))[0]}")
        # A rule without `if` has a body of OPA's making.
        body = [one for one in branch["body"] if place.text(one) not in {"default", ""}]
        if not (len(body) == 1 and (place.same(body[0], head.get("value")) or place.same(body[0], branch))):
            yield from _of_body(body, place)
        branch = branch.get("else")
        if branch is not None:
            yield _Change("remove", *place.span(branch), "")


def _of_body(body: list[Node], place: Places) -> Iterator[_Change]:
    for index, expression in enumerate(body):
        start, end = place.span(expression)
        text = " ".join(place.text(expression).split())
        yield _Change("remove", start, end, "true" if len(body) == 1 else "")
        if text.startswith("not "):
            yield _Change("negate", start, start + len("not "), "", text)
        elif not re.match(r"(some|every)\b", text) and ":=" not in text.split("{", maxsplit=1)[0]:
            yield _Change("negate", start, start, "not ", text)
        yield from _quantified(expression, body[index + 1 :], place)
        yield from _of_node(expression, place, text)


def _quantified(expression: Node, following: list[Node], place: Places) -> Iterator[_Change]:
    (start, end), text, terms = place.span(expression), place.text(expression), expression["terms"]
    if re.match(r"some\b[^{]* in ", text) and following:
        within = f"every {text.removeprefix('some ')} {{ {_joined(following, place)} }}"
        yield _Change("quantify", start, place.span(following[-1])[1], within)
    if isinstance(terms, dict) and "domain" in terms and "body" in terms:
        head = text[len("every ") : place.span(terms["domain"])[1] - start]
        yield _Change("quantify", start, end, f"some {head}\n\t{_joined(terms['body'], place)}")


def _joined(body: list[Node], place: Places) -> str:
    return "; ".join(place.text(one) for one in body)


def _of_node(node: Any, place: Places, within: str) -> Iterator[_Change]:
    if isinstance(node, list):
        for one in node:
            yield from _of_node(one, place, within)
    if not isinstance(node, dict):
        return
    yield from _constant(node, place, within)
    yield from _comparison(node, place, within)
    for key, inner in node.items():
        if key == "body" and isinstance(inner, list):
            # What stands behind a `not` comes again as a body of its own, in the same place.
            same = [" ".join(place.text(one).split()) for one in inner] == [within]
            yield from _of_node(inner[0]["terms"], place, within) if same else _of_body(inner, place)
        elif key not in {"location", "with"}:
            yield from _of_node(inner, place, within)


def _comparison(node: Node, place: Places, within: str) -> Iterator[_Change]:
    terms = node.get("value") if node.get("type") == "call" else node.get("terms")
    if not isinstance(terms, list) or len(terms) != 3 or any("location" not in one for one in terms):
        return
    operator = ".".join(str(part["value"]) for part in terms[0]["value"]) if terms[0]["type"] == "ref" else ""
    for symbol, others in _COMPARISONS.get(operator, {}).items():
        start = place.source.index(symbol, place.span(terms[1])[1], place.span(terms[2])[0])
        for other in others:
            yield _Change("compare", start, start + len(symbol), other, within)


def _constant(node: Node, place: Places, within: str) -> Iterator[_Change]:
    kind, value = node.get("type"), node.get("value")
    if kind not in {"string", "number", "boolean", "null"} or "location" not in node:
        return
    start, end = place.span(node)
    text = place.source[start:end]
    match kind:
        case "string" if text.startswith(('"', "`")):
            yield _Change("constant", start, end, f"{text[:-1]}x{text[-1]}", within)
        case "number" if text.isdigit():
            yield _Change("constant", start, end, str(int(text) + 1), within)
        case "boolean" if text in {"true", "false"}:
            yield _Change("constant", start, end, "false" if value else "true", within)
        case "null" if text == "null":
            yield _Change("constant", start, end, "false", within)
