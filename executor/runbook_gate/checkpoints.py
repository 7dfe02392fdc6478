"""The five checkpoints by name, for people."""

from __future__ import annotations

from typing import Final

from runbook_gate.models.decision import Checkpoint

NAMES: Final[dict[Checkpoint, str]] = {
    "cp0": "intake",
    "cp1": "revalidation",
    "cp2": "write",
    "cp3": "verification",
    "cp4": "completion",
}
