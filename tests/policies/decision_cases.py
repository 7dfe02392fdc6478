"""The decision cases of fixtures/decisions, composed without OPA."""

from __future__ import annotations

import functools
from pathlib import Path

from runbook_gate.policy import cases
from runbook_gate.policy.cases import Case

ROOT = Path(__file__).resolve().parents[2]
CASES = ROOT / "fixtures" / "decisions"


@functools.cache
def _loaded() -> tuple[Case, ...]:
    return tuple(cases.load(CASES))


def load() -> list[Case]:
    """Every case, read once for all tests of a process, so nobody changes one."""
    return list(_loaded())


__all__ = ["CASES", "ROOT", "Case", "load"]
