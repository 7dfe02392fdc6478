"""Decision cases: an input, whole or as changes of another case's, and the decision that is expected of it.

A case is a JSON file below a folder `decisions`, its one key the file's name. `base` names another case by its path
below that folder.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runbook_gate.errors import InvalidDocument


@dataclass(frozen=True)
class Case:
    """One decision case.

    Attributes:
        path: its path below the folder of the cases, without suffix.
        input: the decision input, composed from its base and its patch.
        expected: the whole expected decision; empty for a case that was never decided.
    """

    path: str
    input: dict[str, Any]
    expected: dict[str, Any]


def load(folder: Path) -> list[Case]:
    """Every case below a folder.

    Args:
        folder: the folder `decisions`.

    Raises:
        InvalidDocument: naming the file, if one is no case.
    """
    return [one(folder, path) for path in names(folder)]


def names(folder: Path) -> list[str]:
    """The paths of the cases below a folder, sorted."""
    return sorted(str(file.relative_to(folder).with_suffix("")) for file in folder.rglob("*.json"))


def one(folder: Path, path: str) -> Case:
    """One case.

    Args:
        folder: the folder `decisions`.
        path: of the case below it, without suffix.

    Raises:
        InvalidDocument: naming the file, if it is no case.
    """
    try:
        return Case(path, _composed(folder, path), document(folder, path).get("expected", {}))
    except (KeyError, TypeError, ValueError, IndexError, OSError, RecursionError) as fault:
        raise InvalidDocument(f"{folder / path}.json: not a decision case: {_problem(fault)}.") from fault


def document(folder: Path, path: str) -> dict[str, Any]:
    """A case as it is written.

    Args:
        folder: the folder `decisions`.
        path: of the case below it, without suffix.
    """
    written: dict[str, Any] = json.loads((folder / f"{path}.json").read_text(encoding="utf-8"))
    if list(written) != [Path(path).name]:
        raise InvalidDocument(f"{folder / path}.json: its one key has to be the file's name.")
    found: dict[str, Any] = written[Path(path).name]
    return found


def patched(value: Any, operations: list[Mapping[str, Any]]) -> Any:
    """Apply the three operations of RFC 6902 that cases use: add, remove, replace.

    Args:
        value: a document; it is not changed.
        operations: in order.

    Raises:
        KeyError, IndexError: a path that is not there.
        ValueError: another operation.
    """
    changed = copy.deepcopy(value)
    for operation in operations:
        _patch(changed, operation)
    return changed


def _composed(folder: Path, path: str) -> dict[str, Any]:
    written = document(folder, path)
    if not isinstance(written, dict) or not written.keys() & {"input", "base"}:
        raise InvalidDocument(
            f"{folder / path}.json: not a decision case: expected `input`, or `base` with the path of another case."
        )
    base: dict[str, Any] = written["input"] if "input" in written else _composed(folder, written["base"])
    composed: dict[str, Any] = patched(base, written.get("patch", []))
    if not isinstance(composed, dict):
        raise InvalidDocument(f"{folder / path}.json: not a decision case: its input is not an object.")
    return composed


def _problem(fault: Exception) -> str:
    """What is wrong with a case, without its values."""
    match fault:
        case FileNotFoundError():
            return "its base is not there"
        case RecursionError():
            return "its base leads back to it"
        case json.JSONDecodeError():
            return f"line {fault.lineno} is not JSON"
        case KeyError() | IndexError():
            return "its patch names a path that is not there"
    return f"its patch or base is not understood ({type(fault).__name__})"


def _patch(changed: Any, operation: Mapping[str, Any]) -> None:
    *parents, last = [part.replace("~1", "/").replace("~0", "~") for part in operation["path"].split("/")[1:]]
    place = changed
    for part in parents:
        place = place[int(part) if isinstance(place, list) else part]
    key: Any = last
    if isinstance(place, list):
        key = len(place) if last == "-" else int(last)
    match operation["op"]:
        case "remove":
            del place[key]
        case "add" if isinstance(place, list):
            place.insert(key, operation["value"])
        case "add":
            place[key] = operation["value"]
        case "replace":
            place[key]  # only what is there is replaced
            place[key] = operation["value"]
        case unknown:
            raise ValueError(unknown)
