"""A runbook revision as a Mermaid diagram: checkpoints, and what leads from one to the next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from runbook_gate.checkpoints import NAMES
from runbook_gate.policy.revision import tables
from runbook_gate.shapes import mapping, sequence


def diagram(data: Mapping[str, Any]) -> Iterator[str]:
    """The lines of a flowchart.

    Args:
        data: of the revision.
    """
    found = list(tables(data))
    several = len(sequence(data.get("steps"))) > 1
    yield "flowchart TD"
    for step, checkpoint, _ in found:
        named = f"{checkpoint} {NAMES[checkpoint]}" if checkpoint in NAMES else checkpoint
        yield f'  {step}_{checkpoint}["{f"{step}: {named}" if several else named}"]'
    yield "  completed([completed])"
    yield "  escalated([escalated: packet to the owner])"
    for step, checkpoint, table in found:
        for verdict, candidates in mapping(table.get("next")).items():
            for one in sequence(candidates):
                yield f"  {step}_{checkpoint} -->|{verdict}: {one['action']}| {_place(one, step)}"
    every = " & ".join(f"{step}_{checkpoint}" for step, checkpoint, _ in found)
    yield f"  {every} -.->|escalate| escalated"


def _place(one: Mapping[str, Any], step: str) -> str:
    return f"{one.get('step') or step}_{one['checkpoint']}" if one.get("checkpoint") else "completed"
