"""The decision cases of fixtures/decisions, composed without OPA."""

from __future__ import annotations

from pathlib import Path

from runbook_gate.policy import cases
from runbook_gate.policy.cases import Case

ROOT = Path(__file__).resolve().parents[2]
CASES = ROOT / "fixtures" / "decisions"


def load() -> list[Case]:
    """Every case."""
    return cases.load(CASES)


__all__ = ["CASES", "ROOT", "Case", "load"]
