"""Why an input is decided so: every check of its checkpoint with what it saw, and what followed from that.

OPA decides everything here. What is added are the words of METADATA, the place of each rule, and what the runbook's
data says of each code.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from runbook_gate.gate.bundle import Bundle
from runbook_gate.policy import facts
from runbook_gate.policy.catalog import GATE, Catalog, catalog
from runbook_gate.policy.evaluation import Evaluation, evaluate
from runbook_gate.policy.inputs import Asked, problems
from runbook_gate.policy.reasons import reasons
from runbook_gate.shapes import mapping, sequence

FINAL: Final = "final"


@dataclass(frozen=True)
class _Question:
    """An input and the part of the runbook's data that it is judged by."""

    document: Mapping[str, Any]
    table: Mapping[str, Any]

    @property
    def checks(self) -> list[str]:
        return [check for check in sequence(self.table.get("checks")) if isinstance(check, str)]

    @property
    def candidates(self) -> list[tuple[str, Mapping[str, Any]]]:
        """Every candidate of the checkpoint, with the verdict that it is for."""
        return [
            (verdict, mapping(one))
            for verdict, listed in mapping(self.table.get("next")).items()
            for one in sequence(listed)
        ]

    def answer(self, code: str) -> str:
        return str(mapping(self.table.get("answers")).get(code, FINAL))


def explain(asked: Asked, source: str, bundle: Bundle, *, opa: Path) -> dict[str, Any]:
    """Explain one decision.

    Args:
        asked: the input.
        source: name of the policies, for people.
        bundle: the policies.
        opa: the opa binary.

    Returns:
        One document for programs.

    Raises:
        InvalidDocument: with OPA's own words, if the policies cannot be evaluated.
        EnvironmentFault: opa cannot be run.
    """
    question = _Question(asked.document, _table(bundle, asked.document))
    known = catalog(bundle, opa=opa)
    found = _evaluated(bundle, question, opa)
    checks = [_check(name, question, known, found) for name in question.checks]
    gate = [_denial(one, question, known) for one in found.decision["denials"] if _of_gate(one)]
    candidates = [_candidate(verdict, one, found) for verdict, one in question.candidates]
    return {
        "input": asked.name,
        "recorded": asked.recorded,
        "input_problems": problems(asked.document),
        "policies": source,
        "policy_sha256": bundle.content_sha256,
        **{key: asked.document.get(key) for key in ("run_id", "step", "checkpoint", "now_ms")},
        "runbook": found.decision["runbook"],
        "checks": checks,
        "gate": gate,
        "verdict": found.decision["verdict"],
        "why": reasons(found.decision, checks, gate, candidates, verdict_of_pass=question.table.get("pass")),
        "next": found.decision["next"],
        "candidates": candidates,
    }


def _evaluated(bundle: Bundle, question: _Question, opa: Path) -> Evaluation:
    actions = sorted({str(one.get("action")) for _, one in question.candidates})
    return evaluate(bundle, question.document, checks=question.checks, actions=actions, opa=opa)


def _table(bundle: Bundle, document: Mapping[str, Any]) -> Mapping[str, Any]:
    """The runbook's table for the step and checkpoint that are asked; empty if there is none."""
    found = mapping(bundle.data.get("runbooks"))
    runbook = mapping(mapping(mapping(document.get("opened")).get("body")).get("task")).get("runbook")
    for key in (runbook, "checkpoints", document.get("step"), document.get("checkpoint")):
        found = mapping(found.get(key)) if isinstance(key, str) else {}
    return found


def _check(name: str, question: _Question, known: Catalog, found: Evaluation) -> dict[str, Any]:
    words = known.checks.get(name)
    denials = found.denials.get(name, ())
    return {
        "check": name,
        "outcome": _outcome(name in found.passed, denials),
        "title": words.title if words else "",
        "wants": words.wants if words else "",
        "file": words.file if words else None,
        "line": words.line if words else None,
        "reads": dict(_reads(words.reads if words else (), question.document)),
        "denials": [_denial(one, question, known) for one in denials],
    }


def _outcome(passed: bool, denials: Sequence[object]) -> str:
    if denials:
        return "deny"
    return "pass" if passed else "silent"


def _reads(patterns: Sequence[str], document: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for pattern in patterns:
        yield from facts.at(document, pattern).items()


def _of_gate(denial: Mapping[str, Any]) -> bool:
    return str(denial["code"]).startswith(f"{GATE}.")


def _denial(denial: Mapping[str, Any], question: _Question, known: Catalog) -> dict[str, Any]:
    rule = known.codes.get(denial["code"])
    return {
        **{key: denial[key] for key in ("code", "message", "solution", "facts")},
        "answer": FINAL if _of_gate(denial) else question.answer(denial["code"]),
        "file": rule.file if rule else None,
        "line": rule.line if rule else None,
    }


def _candidate(verdict: str, one: Mapping[str, Any], found: Evaluation) -> dict[str, Any]:
    following = found.decision["next"]
    same = all(following[key] == one.get(key) for key in ("action", "checkpoint"))
    return {
        "verdict": verdict,
        "action": one.get("action"),
        "step": one.get("step"),
        "checkpoint": one.get("checkpoint"),
        "params_defined": one.get("action") in found.params,
        "taken": same and verdict == found.decision["verdict"],
    }
