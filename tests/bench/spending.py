"""Where the time of a block goes: seconds and CPU seconds of some calls in it, each without those inside it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from unittest.mock import patch

from runbook_gate.cluster.client import ClusterConnection
from runbook_gate.gate.client import OpaGate
from runbook_gate.ledger.database import Database

CALLS: Final = ((ClusterConnection, "_send", "API server"), (OpaGate, "_post", "gate"))
BLOCKS: Final = (
    (Database, "write", "transactions that write"),
    (Database, "read", "reads of the ledger"),
)


@dataclass
class Spending:
    """What was spent on what.

    Attributes:
        wall: seconds by name.
        cpu: CPU seconds of this thread by name.
    """

    wall: dict[str, float] = field(default_factory=dict)
    cpu: dict[str, float] = field(default_factory=dict)
    _inner: list[list[float]] = field(default_factory=list)

    @contextmanager
    def on(self, name: str) -> Iterator[None]:
        """A block that counts for a name, but for the blocks inside it."""
        wall, cpu = time.perf_counter(), time.thread_time()
        self._inner.append([0.0, 0.0])
        try:
            yield
        finally:
            whole = (time.perf_counter() - wall, time.thread_time() - cpu)
            inside = self._inner.pop()
            self.wall[name] = self.wall.get(name, 0.0) + whole[0] - inside[0]
            self.cpu[name] = self.cpu.get(name, 0.0) + whole[1] - inside[1]
            if self._inner:
                self._inner[-1] = [a + b for a, b in zip(self._inner[-1], whole, strict=True)]


@contextmanager
def watched() -> Iterator[Spending]:
    """Watch a run. What is none of the calls counts as `everything else`."""
    spent = Spending()
    with ExitStack() as stack:
        for owner, attribute, name in CALLS:
            stack.enter_context(patch.object(owner, attribute, _call(spent, name, getattr(owner, attribute))))
        for owner, attribute, name in BLOCKS:
            stack.enter_context(patch.object(owner, attribute, _block(spent, name, getattr(owner, attribute))))
        stack.enter_context(spent.on("everything else"))
        yield spent


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
