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
    told["difference"] = [one.document() for one in changes(_keyed(first), _keyed(other))] if other else []
    return told


def _facts(denials: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {path: value for denial in denials for path, value in denial["facts"].items()}


def _keyed(decision: Mapping[str, Any]) -> dict[str, Any]:
    """Denials by their code, so that one that is new does not move the others."""
    keyed: dict[str, Any] = {}
    for denial in decision["denials"]:
        rows = keyed.setdefault(denial["code"], {})
        rows[str(len(rows) + 1)] = {name: value for name, value in denial.items() if name != "code"}
    single = {code: rows["1"] if len(rows) == 1 else rows for code, rows in keyed.items()}
    return {"verdict": decision["verdict"], "next": decision["next"], "denials": single}
