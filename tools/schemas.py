"""Writes schemas/ from the models: one JSON Schema a file (`make schemas`).

The models are the one source. `opa check` reads the same files, so every reference stays inside its file.
`--check` writes nothing and fails if a file differs, lacks or is too many.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from runbook_gate.models import contract

SCHEMAS = Path(__file__).resolve().parents[1] / "schemas"


def _typed_nulls(node: Any, definitions: dict[str, Any]) -> Any:
    """Spell `anyOf [reference, null]` as `type [object, null]`, which `opa check` can still look into."""
    if isinstance(node, list):
        return [_typed_nulls(item, definitions) for item in node]
    if not isinstance(node, dict):
        return node
    match node.get("anyOf"):
        case [{"$ref": str(reference)}, {"type": "null"}]:
            definition = definitions[reference.rsplit("/", 1)[-1]]
            rest = {key: value for key, value in node.items() if key != "anyOf"}
            return {**_typed_nulls(definition, definitions), **rest, "type": ["object", "null"]}
    return {key: _typed_nulls(value, definitions) for key, value in node.items()}


def document(name: str, model: type[BaseModel]) -> str:
    """The JSON Schema of a model as the text of its file.

    Args:
        name: the file's stem.
        model: the model.

    Returns:
        Indented JSON with sorted keys and a final newline.
    """
    plain = model.model_json_schema(by_alias=True, mode="validation")
    schema: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"runbook-gate/{name}",
        **_typed_nulls(plain, plain.get("$defs", {})),
    }
    return json.dumps(schema, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def main() -> int:
    """Write or check the folder.

    Returns:
        0, or 1 if `--check` found a difference.
    """
    wanted = {f"{name}.json": document(name, model) for name, model in contract.SCHEMAS.items()}
    if "--check" not in sys.argv:
        for stale in {p.name for p in SCHEMAS.glob("*.json")} - set(wanted):
            (SCHEMAS / stale).unlink()
        for name, text in wanted.items():
            (SCHEMAS / name).write_text(text, encoding="utf-8")
        return 0
    there = {p.name: p.read_text(encoding="utf-8") for p in SCHEMAS.glob("*.json")}
    wrong = sorted(name for name in wanted.keys() | there.keys() if wanted.get(name) != there.get(name))
    if wrong:
        sys.stderr.write(f"schemas/ differs from the models in {', '.join(wrong)}: run `make schemas`\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
