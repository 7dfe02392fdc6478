"""Counts what a replay finds, each with its denominator. Details are kept of so many, so memory does not grow."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

from runbook_gate.replay.comparison import codes
from runbook_gate.replay.outcomes import ALTERED, REPRODUCED, Replayed
from runbook_gate.replay.report.details import detailed
from runbook_gate.replay.report.directions import direction

NO_CODE: Final = "no denial"
_RUNS_NAMED: Final = 100


@dataclass
class Flips:
    """Changed verdicts of one code, from one verdict to another.

    Attributes:
        decisions: how many.
        runs: the first runs among them, each once.
        more_runs: whether there are more.
    """

    decisions: int = 0
    runs: list[str] = field(default_factory=list)
    more_runs: bool = False

    def add(self, run: str) -> None:
        """Count one."""
        self.decisions += 1
        if run not in self.runs[-1:]:
            self.more_runs = self.more_runs or len(self.runs) >= _RUNS_NAMED
            self.runs += [] if self.more_runs else [run]


@dataclass
class Tally:
    """What was found.

    Attributes:
        most: of how many decisions details are kept.
        total: decisions that were replayed.
        reproductions: by reproduction.
        obstacles: of those that are not replayable, by obstacle.
        changes: of those that were compared, by change.
        verdicts: by first verdict and other one, or `undefined` or `error`.
        directions: by direction.
        flips: by code, first and other verdict. The codes of a flip are those that only one of the decisions has.
        conditional: of those that were compared.
        checked: batches checked by a single request.
        details: of what is not as it was, in order.
        omitted: how many more there are.
    """

    most: int = 500
    total: int = 0
    reproductions: Counter[str] = field(default_factory=Counter)
    obstacles: Counter[str] = field(default_factory=Counter)
    changes: Counter[str] = field(default_factory=Counter)
    verdicts: Counter[tuple[str, str]] = field(default_factory=Counter)
    directions: Counter[str] = field(default_factory=Counter)
    flips: dict[tuple[str, str, str], Flips] = field(default_factory=dict)
    conditional: int = 0
    checked: int = 0
    details: list[dict[str, Any]] = field(default_factory=list)
    omitted: int = 0

    def add(self, one: Replayed) -> None:
        """Count one."""
        self.total += 1
        self.checked += one.checked
        self.reproductions[one.reproduction] += 1
        if one.obstacle:
            self.obstacles[one.obstacle] += 1
        if one.comparison is not None:
            self._compare(one)
        if differs(one):
            self._keep(one)

    @property
    def reproduced(self) -> int:
        """How many decisions their own policy gave again."""
        return sum(self.reproductions[name] for name in REPRODUCED)

    @property
    def altered(self) -> int:
        """How many have a record that somebody changed."""
        return sum(self.obstacles[name] for name in ALTERED)

    @property
    def compared(self) -> int:
        """How many were compared."""
        return self.changes.total()

    def _compare(self, one: Replayed) -> None:
        comparison = one.comparison
        if comparison is None:
            return
        self.changes[comparison.change] += 1
        self.conditional += one.conditional
        if one.decision is None:
            return
        first, other = str(one.decision["verdict"]), comparison.verdict or comparison.change
        self.verdicts[first, other] += 1
        if comparison.verdict and (towards := direction(first, comparison.verdict)):
            self.directions[towards] += 1
        if comparison.change == "verdict_changed":
            for code in _codes_of_flip(codes(one.decision), comparison.codes):
                self.flips.setdefault((code, first, other), Flips()).add(one.recorded.run)

    def _keep(self, one: Replayed) -> None:
        if len(self.details) < self.most:
            self.details.append(detailed(one))
        else:
            self.omitted += 1


def _codes_of_flip(first: tuple[str, ...], other: tuple[str, ...]) -> list[str]:
    return sorted(set(first) ^ set(other)) or sorted(first) or [NO_CODE]


def differs(one: Replayed) -> bool:
    """Whether anything is not as it was."""
    kept = {*REPRODUCED, "not_recorded"}
    return one.reproduction not in kept or (one.comparison is not None and one.comparison.change != "same")
