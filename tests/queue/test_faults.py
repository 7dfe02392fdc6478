"""Whose a fault is: one task's, which holds up nobody, or everybody's."""

from __future__ import annotations

import pytest

from runbook_gate.errors import HeldElsewhere, LedgerBroken, LedgerOfAnotherVersion, LedgerUnwritable
from runbook_gate.queue import Faults


@pytest.mark.parametrize("kind", [LedgerOfAnotherVersion, LedgerUnwritable])
def test_what_no_task_can_do_without_is_no_tasks_fault(kind: type[Exception]) -> None:
    faults = Faults()
    with pytest.raises(kind), faults.of("task a", resumable=True):
        raise kind("there")
    assert faults.kept == []


def test_what_is_one_tasks_is_kept_and_a_held_target_is_no_fault() -> None:
    faults, broken = Faults(), LedgerBroken("there")
    with faults.of("task a"):
        raise broken
    with faults.of("task b"):
        raise HeldElsewhere("there")
    assert [(kept.subject, kept.error) for kept in faults.kept] == [("task a", broken)]
