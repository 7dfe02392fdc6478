"""Is a decision given again, and how does another one differ? No I/O.

- Under the recorded OPA binary the bytes of `result` are the same, or it is not reproduced. Under another one, or one
  of which the record only claims a version, its canonical JSON is; that is counted apart.
- What is compared first is told: undefined, error, verdict, next action, anything else. Only equal JSON is `same`.
- An answer that the executor would not accept is an error, whatever it says.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from runbook_gate.canonical import canonical_bytes
from runbook_gate.errors import CanonicalError
from runbook_gate.models.decision import Decision
from runbook_gate.replay.deciding import Outcome
from runbook_gate.replay.outcomes import Change, Comparison, Reproduction

_ECHOED = ("schema", "run_id", "step", "checkpoint", "ledger_head", "input_sha256")


def reproduction(recorded: bytes, again: Outcome, *, same_binary: bool) -> tuple[Reproduction, str | None]:
    """Whether a recorded decision is given again.

    Args:
        recorded: the exact bytes of the decision.
        again: what the same policy says now.
        same_binary: whether the OPA that answered now is the binary that was measured then.

    Returns:
        What it is, and of one that is not reproduced why.
    """
    if again.result is None:
        return "not_reproduced", again.error or "undefined"
    if again.result == recorded:
        return ("identical" if same_binary else "identical_elsewhere"), None
    if same_binary:
        return "not_reproduced", "other bytes under the same OPA binary"
    same = _canonical(again.result) == _canonical(recorded) is not None
    return ("equal_elsewhere", None) if same else ("not_reproduced", "another decision")


def compare(first: bytes, decision: Mapping[str, Any], other: Outcome) -> Comparison:
    """How another decision differs.

    Args:
        first: the exact bytes of the first.
        decision: the same, parsed.
        other: what the other policy says.
    """
    if other.result is None:
        return Comparison("error", other.error) if other.error else Comparison("undefined")
    if other.result == first:
        return Comparison("same", verdict=decision["verdict"], codes=codes(decision))
    accepted = parsed(other.result)
    if accepted is None or any(accepted[name] != decision[name] for name in _ECHOED):
        return Comparison("error", "an answer that the executor does not accept")
    change = _change(decision, accepted)
    differing = accepted if change != "same" else None
    return Comparison(change, verdict=accepted["verdict"], codes=codes(accepted), other=differing)


def _change(decision: Mapping[str, Any], other: Mapping[str, Any]) -> Change:
    if canonical_bytes(other) == canonical_bytes(decision):
        return "same"
    if other["verdict"] != decision["verdict"]:
        return "verdict_changed"
    return "next_changed" if canonical_bytes(other["next"]) != canonical_bytes(decision["next"]) else "reasons_changed"


def parsed(result: bytes) -> Mapping[str, Any] | None:
    """A decision that the executor could accept; None for anything else."""
    try:
        Decision.model_validate_json(result)
        document = json.loads(result)
        canonical_bytes(document)
    except (ValidationError, ValueError, CanonicalError):
        return None
    return document if isinstance(document, dict) else None


def codes(decision: Mapping[str, Any]) -> tuple[str, ...]:
    """Codes of a decision's denials, sorted, each once."""
    return tuple(sorted({denial["code"] for denial in decision["denials"]}))


def _canonical(result: bytes) -> bytes | None:
    try:
        return canonical_bytes(json.loads(result))
    except (ValueError, CanonicalError):
        return None
