"""One replayed decision for programs and readers: what it was, what it is, and the facts behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from runbook_gate.policy.changes import changes
from runbook_gate.replay.outcomes import Replayed
from runbook_gate.replay.records import Recorded
from runbook_gate.replay.report.directions import direction

# Parts of a decision in which two may differ; the rest is echoed from the input.
_PARTS: Final = ("runbook", "verdict", "next", "denials")


def line(one: Replayed) -> dict[str, Any]:
    """One decision in one line: where it stands, and what became of it."""
    recorded, comparison = one.recorded, one.comparison
    known = (
        {
            "task": recorded.task,
            "checkpoint": recorded.checkpoint,
            "at_ms": recorded.at_ms,
            "policy_sha256": recorded.policy.content_sha256,
            "recorded_verdict": recorded.verdict,
            "recorded_codes": list(recorded.codes),
        }
        if isinstance(recorded, Recorded)
        else {}
    )
    place = {"run": recorded.run, "seq": recorded.seq, "runbook": recorded.runbook, "target": recorded.target}
    told = {"reproduction": one.reproduction, "obstacle": one.obstacle, "detail": one.detail}
    if comparison is None:
        return {**place, **known, **told}
    return {
        **place,
        **known,
        **told,
        "change": comparison.change,
        "detail": one.detail or comparison.detail,
        "verdict": comparison.verdict,
        "codes": list(comparison.codes),
        "conditional": one.conditional,
    }


def detailed(one: Replayed) -> dict[str, Any]:
    """The same with both decisions, what differs between them, and the facts that their denials name."""
    told = line(one)
    if one.comparison is None or one.decision is None:
        return told
    first, other = one.decision, one.comparison.other
    found = {name: first[name] for name in _PARTS if name in first}
    told |= {"first": found, "other": other and {name: other[name] for name in _PARTS if name in other}}
    told["direction"] = other and direction(first["verdict"], other["verdict"])
    told["facts"] = {**_facts(first["denials"]), **_facts(other["denials"] if other else ())}
    told["difference"] = _difference(first, other) if other else []
    return told


def _facts(denials: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {path: value for denial in denials for path, value in denial["facts"].items()}


def _difference(first: Mapping[str, Any], other: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What differs. Params of different actions are not compared, and a denial that only one has is its message."""
    same_action = first["next"]["action"] == other["next"]["action"]
    both = _denials(first).keys() & _denials(other).keys()
    left_out = () if same_action else ("params",)
    before, after = (
        {
            "verdict": one["verdict"],
            "next": {name: value for name, value in one["next"].items() if name not in left_out},
            "denials": {code: rows if code in both else rows[0]["message"] for code, rows in _denials(one).items()},
        }
        for one in (first, other)
    )
    return [change.document() for change in changes(before, after)]


def _denials(decision: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """By code; a code may stand in several."""
    by_code: dict[str, list[dict[str, Any]]] = {}
    for denial in decision["denials"]:
        by_code.setdefault(denial["code"], []).append({key: denial[key] for key in ("message", "solution", "facts")})
    return by_code
