"""Where the time of a block goes: seconds and CPU seconds of some calls in it, each without those inside it."""

from __future__ import annotations

import statistics
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from unittest.mock import patch

from sqlalchemy.engine.default import DefaultDialect

from runbook_gate.cluster.client import ClusterConnection
from runbook_gate.gate.client import OpaGate
from runbook_gate.ledger.database import Database

SERVER, GATE, DURABLE, REST = "API server", "gate", "made durable", "all else"
_CALLS: Final[tuple[tuple[type, str, str], ...]] = (
    (ClusterConnection, "_send", SERVER),
    (OpaGate, "_post", GATE),
    (DefaultDialect, "do_commit", DURABLE),
)
_BLOCKS: Final[tuple[tuple[type, str, str], ...]] = (
    (Database, "write", "transactions that write"),
    (Database, "read", "transactions that read"),
)


@dataclass
class Spending:
    """What was spent on what, by name.

    Attributes:
        times: how often.
        wall: seconds.
        cpu: CPU seconds of this thread.
    """

    times: Counter[str] = field(default_factory=Counter)
    wall: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    cpu: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    _inside: list[tuple[float, float]] = field(default_factory=lambda: [(0.0, 0.0)])

    @contextmanager
    def on(self, name: str) -> Iterator[None]:
        """A block that counts for a name, but for the blocks inside it."""
        wall, cpu = time.perf_counter(), time.thread_time()
        self._inside.append((0.0, 0.0))
        try:
            yield
        finally:
            wall, cpu = time.perf_counter() - wall, time.thread_time() - cpu
            inner, around = self._inside.pop(), self._inside.pop()
            self._inside.append((around[0] + wall, around[1] + cpu))
            self.times[name] += 1
            self.wall[name] += wall - inner[0]
            self.cpu[name] += cpu - inner[1]

    def waited(self, seconds: float) -> None:
        """What was slept is nobody's time."""
        self.wall[REST] -= seconds


@contextmanager
def watched() -> Iterator[Spending]:
    """Watch a run; what is none of the calls counts as all else."""
    spent = Spending()
    with ExitStack() as stack:
        for owner, attribute, name in _CALLS:
            stack.enter_context(patch.object(owner, attribute, _call(spent, name, getattr(owner, attribute))))
        for owner, attribute, name in _BLOCKS:
            stack.enter_context(patch.object(owner, attribute, _block(spent, name, getattr(owner, attribute))))
        stack.enter_context(spent.on(REST))
        yield spent


def medians(spent: Sequence[Spending]) -> dict[str, dict[str, float]]:
    """Of each name, largest first: how often, seconds and CPU seconds."""
    told = {
        name: {
            "times": statistics.median(one.times[name] for one in spent),
            "s": round(statistics.median(one.wall[name] for one in spent), 4),
            "cpu_s": round(statistics.median(one.cpu[name] for one in spent), 4),
        }
        for name in spent[0].times
    }
    return dict(sorted(told.items(), key=lambda item: -item[1]["s"]))


def _call(spent: Spending, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
    def counted(*args: Any, **kwargs: Any) -> Any:
        with spent.on(name):
            return real(*args, **kwargs)

    return counted


def _block(spent: Spending, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
    @contextmanager
    def counted(*args: Any, **kwargs: Any) -> Iterator[Any]:
        with spent.on(name), real(*args, **kwargs) as value:
            yield value

    return counted
