"""One chunk of a replay: decisions asked again of their own policy, and those given again of the others too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from runbook_gate.replay.comparison import compare, parsed, reproduction
from runbook_gate.replay.deciding import Outcome, check, decide
from runbook_gate.replay.examination import Question, Refused
from runbook_gate.replay.outcomes import REPRODUCED, Comparison, Replayed
from runbook_gate.replay.records import Unreadable
from runbook_gate.replay.sidecars import ReplaySidecar

# Of as many decisions one is checked by the request that the executor makes, the first among them.
CHECKED_OF: Final = 1000


@dataclass(frozen=True, slots=True)
class Ready:
    """A decision and the sidecar of its own policy.

    Attributes:
        question: the decision.
        sidecar: serves the policy that took it.
        checked: whether what the batch says is checked by a single request.
    """

    question: Question
    sidecar: ReplaySidecar
    checked: bool


@dataclass(frozen=True, slots=True)
class Others:
    """What the decisions are compared with.

    Attributes:
        candidate: the policy in question; None to reproduce only.
        base: decides in place of what was recorded.
    """

    candidate: ReplaySidecar | None = None
    base: ReplaySidecar | None = None


Item = Ready | Refused | Unreadable
_Decision = Mapping[str, Any]


def replay(items: Sequence[Item], others: Others) -> list[Replayed]:
    """Replay some decisions, in order."""
    told = [_not_replayable(item) for item in items]
    ready = [(at, item) for at, item in enumerate(items) if isinstance(item, Ready)]
    for sidecar in dict.fromkeys(item.sidecar for _, item in ready):
        own = [(at, item) for at, item in ready if item.sidecar is sidecar]
        for (at, item), outcome in zip(own, _asked(sidecar, [item for _, item in own]), strict=True):
            told[at] = _reproduced(item, outcome)
    given = [(at, item) for at, item in ready if told[at].reproduction in REPRODUCED]
    if others.candidate is not None:
        for (at, _), compared in zip(given, _compared([item for _, item in given], others), strict=True):
            told[at] = replace(told[at], decision=compared[0] or told[at].decision, comparison=compared[1])
    return told


def _not_replayable(item: Item) -> Replayed:
    match item:
        case Ready():
            return Replayed(item.question.recorded, "not_reproduced")
        case Refused():
            return Replayed(item.recorded, "not_replayable", item.obstacle, item.detail)
        case Unreadable():
            return Replayed(item, "not_replayable", "chain_broken", item.detail)


def _asked(sidecar: ReplaySidecar, items: Sequence[Ready]) -> list[Outcome]:
    with sidecar.wire() as wire:
        outcomes = decide(wire, [item.question.input for item in items])
        return [
            check(wire, item.question.input, outcome) if item.checked else outcome
            for item, outcome in zip(items, outcomes, strict=True)
        ]


def _reproduced(item: Ready, outcome: Outcome) -> Replayed:
    question = item.question
    same_binary = question.recorded.policy.opa_sha256 == item.sidecar.binary_sha256
    found, detail = reproduction(question.result, outcome, same_binary=same_binary)
    return Replayed(question.recorded, found, detail=detail, decision=question.decision, checked=item.checked)


def _compared(items: Sequence[Ready], others: Others) -> list[tuple[_Decision | None, Comparison]]:
    if others.candidate is None:
        return []
    candidates = _asked(others.candidate, items)
    if others.base is None:
        pairs = zip(items, candidates, strict=True)
        return [(None, compare(item.question.result, item.question.decision, other)) for item, other in pairs]
    return [between(base, other) for base, other in zip(_asked(others.base, items), candidates, strict=True)]


def between(base: Outcome, other: Outcome) -> tuple[_Decision | None, Comparison]:
    """Compare what two policies say of one input.

    Returns:
        The base's decision, if there is one, and how the other differs.
    """
    decision = parsed(base.result) if base.result is not None else None
    if base.result is not None and base.result == other.result:
        return decision, Comparison("same", verdict=str(decision["verdict"]) if decision else None)
    if base.result is None or decision is None:
        return None, Comparison("error", f"the base gives no decision: {base.error or 'undefined'}")
    return decision, compare(base.result, decision, other)
