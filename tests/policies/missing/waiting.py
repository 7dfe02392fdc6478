"""The inputs on which the run waits, tries again, or stops beside something that waits: a fact that is missing there
never makes the run freer, and never hides that a write may still land.

Exempt are live labels: one that is missing is ordinary drift.
"""

from __future__ import annotations

import functools
import zlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import yaml
from tests.policies.asking import Question, decide
from tests.policies.decision_cases import ROOT, Case, load
from tests.policies.missing.lacks import Lack, lacks

RUNBOOK = ROOT / "policies/runbooks/MKS-PSA-Label-Restore-v3/data.yaml"
# Another step or checkpoint is another question.
_NAMING = {"step", "checkpoint"}
_FEW = 3
# A case that lacks a round is no input from which one more is taken: without the decision on it, nothing shows it.
LACKING = "verification_reconciliation.rounds_lost"
# Which servers a round asked stands nowhere else; rounds on different servers are no row, so it shows nothing either.
UNSEEN = {("rounds.*.body.servers.*", "removed")}
RANKS = {"escalate": 0, "wait": 1, "retry": 2, "proceed": 3, "complete": 3}


@dataclass(frozen=True)
class Freed:
    """A lack that makes the run freer.

    Attributes:
        lack: the lack.
        became: the verdicts before and after, as `wait>proceed`; `doubt>none` where a write that may still land is
            not said to.
    """

    lack: Lack
    became: str


@functools.cache
def few() -> dict[str, Case]:
    """Of the cases with the same denials, those that are looked at without `whole`."""
    alike: dict[frozenset[str], list[str]] = defaultdict(list)
    for path, case in waiting().items():
        alike[codes(case)].append(path)
    return {path: waiting()[path] for found in alike.values() for path in found[:: 1 + len(found) // _FEW]}


@functools.cache
def waiting() -> dict[str, Case]:
    """The cases of which some denial waits or is tried again, by path."""
    cases = (case for case in load() if LACKING not in codes(case))
    return {case.path: case for case in cases if codes(case) & _not_final(case.input["checkpoint"])}


def codes(case: Case) -> frozenset[str]:
    """The codes of a case's denials."""
    return frozenset(denial["code"] for denial in case.expected["denials"])


def every_lack(checkpoint: str = "", *, whole: bool = False) -> list[Lack]:
    """What is missing, in each way, place by place; other values are no lack.

    Args:
        checkpoint: of the cases of one checkpoint; empty for all.
        whole: of every case; else each place once for cases of the same denials.
    """
    alike: dict[object, list[Lack]] = defaultdict(list)
    for path, case in (waiting() if whole else few()).items():
        if checkpoint not in {"", case.input["checkpoint"]}:
            continue
        for lack in lacks(path, case.input, {}):
            pointer = lack.question.patch[0]["path"]
            if lack.kind != "changed" and lack.fact not in _NAMING and not lack.fact.endswith(".object.labels.*"):
                alike[path if whole else None, codes(case), pointer, lack.kind].append(lack)
    return [_one_of(found) for found in alike.values()]


def sample(checkpoint: str) -> list[Lack]:
    """One lack of each fact and kind at a checkpoint."""
    among: dict[object, list[Lack]] = defaultdict(list)
    for lack in every_lack(checkpoint):
        among[lack.fact, lack.kind].append(lack)
    return [_one_of(found) for found in among.values()]


def freed(asked: Sequence[Lack]) -> Iterator[Freed]:
    """The lacks that make the run freer."""
    bases = {lack.base: waiting()[lack.base].input for lack in asked}
    questions = [*map(Question, bases), *(lack.question for lack in asked)]
    answers = decide(bases, questions, asked_for="verdicts")
    before = dict(zip(bases, answers, strict=False))
    for lack, (verdict, in_doubt) in zip(asked, answers[len(bases) :], strict=True):
        was, was_in_doubt = before[lack.base]
        if RANKS[verdict] > RANKS[was] and (lack.fact, lack.kind) not in UNSEEN:
            yield Freed(lack, f"{was}>{verdict}")
        if was_in_doubt and not in_doubt:
            yield Freed(lack, "doubt>none")


@functools.cache
def _not_final(checkpoint: str) -> frozenset[str]:
    table = yaml.safe_load(RUNBOOK.read_text(encoding="utf-8"))["checkpoints"]["restore"]
    return frozenset(table.get(checkpoint, {}).get("answers", {}))


def _one_of(found: list[Any]) -> Any:
    """Which one is left to what it is, so that every case has its share."""
    return found[zlib.crc32(repr(found[0].question.patch).encode()) % len(found)]
