"""The decision cases of fixtures/decisions, composed without OPA."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
CASES = ROOT / "fixtures" / "decisions"


@dataclass(frozen=True)
class Case:
    """One decision case.

    Attributes:
        path: its path below fixtures/decisions, without suffix.
        input: the decision input, composed from its base and its patch.
        expected: the expected decision, denials as code and facts.
    """

    path: str
    input: dict[str, Any]
    expected: dict[str, Any]


def load() -> list[Case]:
    """Every case."""
    return [
        Case(path, _composed(path), _document(path)["expected"])
        for path in sorted(str(file.relative_to(CASES).with_suffix("")) for file in CASES.rglob("*.json"))
    ]


def _document(path: str) -> dict[str, Any]:
    [(name, document)] = json.loads((CASES / f"{path}.json").read_text(encoding="utf-8")).items()
    assert name == Path(path).name, f"{path}: the key is not the file's name"
    assert isinstance(document, dict)
    return document


def _composed(path: str) -> dict[str, Any]:
    document = _document(path)
    composed: dict[str, Any] = document["input"] if "input" in document else _composed(document["base"])
    for operation in document.get("patch", []):
        _patch(composed, operation)
    return composed


def _patch(document: dict[str, Any], operation: dict[str, Any]) -> None:
    """The three operations of RFC 6902 that the cases use."""
    *parents, last = [part.replace("~1", "/").replace("~0", "~") for part in operation["path"].split("/")[1:]]
    place: Any = document
    for part in parents:
        place = place[int(part) if isinstance(place, list) else part]
    key: Any = (len(place) if last == "-" else int(last)) if isinstance(place, list) else last
    match operation["op"]:
        case "remove":
            del place[key]
        case "add" if isinstance(place, list):
            place.insert(key, operation["value"])
        case "replace" | "add":
            assert operation["op"] == "add" or isinstance(place, list) or key in place, (
                f"{operation['path']}: not there"
            )
            place[key] = operation["value"]
        case unknown:
            raise AssertionError(f"{unknown}: not an operation of a case")
