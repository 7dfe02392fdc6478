"""One runbook revision as a document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from runbook_gate.gate.bundle import Bundle
from runbook_gate.policy.runbooks import digest, owner, revisions
from runbook_gate.shapes import mapping, sequence


def describe(bundle: Bundle, name: str) -> dict[str, Any]:
    """A revision as one document.

    Args:
        bundle: the policies.
        name: full name of the revision.
    """
    data = revisions(bundle)[name]
    return {
        "runbook": name,
        "sha256": digest(data),
        "policy_sha256": bundle.content_sha256,
        "owner": dict(owner(bundle, name)),
        "overlays": dict(mapping(mapping(bundle.data.get("parties")).get("overlays"))),
        "agreement_matrix": {field: list(registers) for field, registers in matrix(data)},
        "data": dict(data),
    }


def tables(data: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Step, checkpoint and table of each checkpoint, steps in order."""
    for step in sequence(data.get("steps")):
        for checkpoint, table in sorted(mapping(mapping(data.get("checkpoints")).get(step)).items()):
            yield step, checkpoint, mapping(table)


def matrix(data: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """Each field that must agree with the task, and the registers that state it."""
    agreement = mapping(data.get("agreement"))
    for field in dict.fromkeys(field for fields in agreement.values() for field in sequence(fields)):
        yield field, [register for register, fields in agreement.items() if field in sequence(fields)]
