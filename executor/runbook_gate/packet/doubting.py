"""Whether a kept completion record or packet is what its run's record gives."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from pydantic import ValidationError

from runbook_gate import __version__
from runbook_gate.core.history import History
from runbook_gate.models.bodies import DecisionBody
from runbook_gate.packet.record import record
from runbook_gate.shapes import mapping, matched, parse_object, sequence

_CLASS: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,60}")
_ABOUT: Final = (
    "id",
    "run",
    "task",
    "runbook",
    "target",
    "target_key",
    "write_in_doubt",
    "ledger_head",
    "policy_sha256",
)


def disagreement(history: History, kept: bytes, evidence: Callable[[str], bytes | None]) -> str | None:
    """Make the record again, and compare.

    What another release made is compared by what it is about: a release may word it in its own way.

    Args:
        history: the run, its last entry `completed` or `escalated`.
        kept: the record that is kept.
        evidence: unchecked bytes by digest; None for what is not kept.

    Returns:
        How it differs, in words; None if it does not.
    """
    try:
        again = record(history, _answer(history, evidence), _fault(kept))
    except (ValidationError, ValueError, KeyError, TypeError):
        return "cannot be made again from the entries"
    if history.newest.executor.version == __version__:
        return None if kept == again else "is not what its entries and their evidence give"
    told, wanted = parse_object(kept), parse_object(again)
    return None if all(told.get(name) == wanted.get(name) for name in _ABOUT) else "is that of another run"


def _answer(history: History, evidence: Callable[[str], bytes | None]) -> bytes | None:
    """The answer that escalated."""
    named = history.newest.body.get("decision")
    decision = next((entry for entry in history.entries if entry.sha256 == named), None)
    if decision is None:
        return None
    return evidence(DecisionBody.model_validate(decision.body).answer.body_sha256 or "")


def _fault(kept: bytes) -> str | None:
    """What kept a run past its deadline from a decision: only its packet tells."""
    for denial in sequence(parse_object(kept).get("condition")):
        if fault := matched(_CLASS, mapping(mapping(denial).get("facts")).get("fault")):
            return fault
    return None
