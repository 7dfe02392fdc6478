"""schemas/ is the published contract: complete, described, and equal to the models."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from runbook_gate.models import contract

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / "schemas").glob("*.json"))


def test_every_model_of_the_contract_is_published_and_nothing_else() -> None:
    assert [path.stem for path in FILES] == sorted(contract.SCHEMAS)
    done = subprocess.run([sys.executable, "tools/schemas.py", "--check"], cwd=ROOT, check=False, capture_output=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_field_is_described_with_an_example(path: Path) -> None:
    schema = json.loads(path.read_text())
    Draft202012Validator.check_schema(schema)
    lacking = [
        f"{where}: {lack}"
        for where, field in _fields(schema)
        for lack in ("description", "example")
        if not _has(field, lack, schema)
    ]
    assert lacking == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_times_are_integers_in_milliseconds_and_nothing_is_a_float(path: Path) -> None:
    schema = json.loads(path.read_text())
    for where, field in _fields(schema):
        if where.endswith("_ms"):
            assert "integer" in json.dumps(field), where
        assert '"number"' not in json.dumps(field.get("type", "")), where


def _fields(node: Any, where: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(node, list):
        for item in node:
            yield from _fields(item, where)
    if not isinstance(node, dict):
        return
    for key, value in node.items():
        if key == "properties":
            for name, field in value.items():
                yield f"{where}/{name}", field
                yield from _fields(field, f"{where}/{name}")
        elif key == "$defs":
            for name, definition in value.items():
                yield from _fields(definition, name)
        elif key != "examples":
            yield from _fields(value, where)


def _has(field: dict[str, Any], lack: str, schema: dict[str, Any]) -> bool:
    if lack == "description":
        return "description" in field
    # An object is exemplified by its fields, a list of objects by theirs.
    text = json.dumps({key: value for key, value in field.items() if key != "description"})
    return any(word in text for word in ('"examples"', '"$ref"', '"properties"', '"const"'))
