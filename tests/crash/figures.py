"""What a matrix counted."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

from tests.crash.judging import End


@dataclass
class Figures:
    """Figures of one way of the run, or of a part of it.

    Attributes:
        name: of the matrix and the way.
        points: fault points at which the first process died.
        pairs: pairs of a point in the first process and one in the second.
        starts: processes started, those that died included.
        refused: starts that the lease of a dead process refused.
        ends: how often each end came, over the crashes it was tried for.
        writes: writes that reached the API server.
        seconds: how long it took.
        left_out: how many points or pairs were not played, by reason; 0 where nobody counts them.
        wrong: what should not be, with the points.
    """

    name: str
    points: int = 0
    pairs: int = 0
    starts: int = 0
    refused: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    writes: int = 0
    seconds: float = 0.0
    left_out: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    _since: float = field(default_factory=time.monotonic)

    def add(self, end: End, *died: str) -> None:
        """Count one end after crashes."""
        self.ends[end.told] += 1
        self.writes += end.writes
        self.wrong += [f"{' then '.join(died) or 'no crash'}: {one}" for one in end.wrong]

    def leave_out(self, reason: str, number: int = 0) -> None:
        """Say what is not played."""
        self.left_out[reason] += number

    def plain(self) -> dict[str, Any]:
        """For the report of a test."""
        counted = {"ends": dict(self.ends), "left_out": dict(self.left_out)}
        told = {**asdict(self), "seconds": time.monotonic() - self._since, **counted}
        return {name: value for name, value in told.items() if name not in {"_since", "wrong"}}


def table(parts: list[dict[str, Any]]) -> list[str]:
    """Lines of figures, one for each name, then the ends, then what was left out and why."""
    lines = [f"{'':42}{'points':>7}{'pairs':>8}{'starts':>8}{'held':>7}{'writes':>8}{'seconds':>9}"]
    sums: dict[str, Counter[str]] = {}
    ends, left_out = Counter[str](), Counter[str]()
    for part in parts:
        numbers = {name: value for name, value in part.items() if isinstance(value, int | float)}
        sums.setdefault(part["name"], Counter()).update(numbers)
        ends.update(part["ends"])
        left_out.update({f"{part['name']}: {reason}": number for reason, number in part["left_out"].items()})
    for name, found in {**sums, "all": sum(sums.values(), Counter())}.items():
        shown = f"{found['points']:7}{found['pairs']:8}{found['starts']:8}{found['refused']:7}{found['writes']:8}"
        lines.append(f"{name:42}{shown}{found['seconds']:9.0f}")
    lines += [f"{number:6} x {told}" for told, number in ends.most_common()]
    missing = [f"{number or '':6}   {told}" for told, number in left_out.items()]
    return [*lines, "left out:" if missing else "left out: nothing", *missing]
