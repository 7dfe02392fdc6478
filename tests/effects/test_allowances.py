"""A lease outlasts whatever a process awaits between two renewals: who is alive and only waits is not taken over."""

from __future__ import annotations

import sys

import pytest
from pydantic import ValidationError

from runbook_gate.audit.files import WAIT_S
from runbook_gate.configuration import Opa
from runbook_gate.effects.registry import EFFECTS
from runbook_gate.engine.journal import RENEW_AFTER_MS
from runbook_gate.engine.lookback import FRESH_MS
from runbook_gate.ledger.leases import LEASE_S

RENEWED_S = RENEW_AFTER_MS / 1000


def allowance_s(name: str) -> float:
    """How long an effect may take; each says so in its file."""
    allowed = sys.modules[type(EFFECTS[name]).__module__].ALLOWANCE_S
    assert isinstance(allowed, float)
    return allowed


def permitted(seconds: int) -> bool:
    try:
        Opa(timeout_s=seconds)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize("name", EFFECTS)
def test_a_lease_outlasts_every_effect_and_its_look_into_the_audit_log(name: str) -> None:
    assert RENEWED_S + allowance_s(name) + WAIT_S < LEASE_S


def test_a_lease_outlasts_the_longest_answer_that_may_be_configured() -> None:
    longest = max(filter(permitted, range(1, 10 * LEASE_S)))
    assert RENEWED_S + longest < LEASE_S


def test_a_lease_outlasts_the_answer_and_the_write_that_follows_it() -> None:
    """Between the two nothing is renewed, and a go that comes later than this after its facts leads to no write."""
    assert RENEWED_S + FRESH_MS / 1000 + allowance_s("patch_labels") < LEASE_S
