"""Too late by either clock is too late."""

from __future__ import annotations

import pytest

from runbook_gate.clock import Reading
from runbook_gate.cluster.deadline import Deadline

BASIS = Reading(1_000_000, 50_000, "boot-1")
DEADLINE = Deadline.of(1_010_000, BASIS)
CASES = {
    "in time": (Reading(1_009_999, 59_999, "boot-1"), False),
    "wall clock at it": (Reading(1_010_000, 59_999, "boot-1"), True),
    "wall clock set back, boottime past it": (Reading(900_000, 60_000, "boot-1"), True),
    "another boot": (Reading(1_000_001, 1, "boot-2"), True),
}


@pytest.mark.parametrize("case", CASES)
def test_deadline(case: str) -> None:
    now, passed = CASES[case]
    assert DEADLINE.passed(now) is passed
