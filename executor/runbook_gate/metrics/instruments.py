"""What one process counts and times, in the registry that it is given."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import product
from typing import Final, get_args

from prometheus_client import CollectorRegistry, Counter

from runbook_gate import __version__, errors
from runbook_gate.clock import Clock
from runbook_gate.cluster.protocol import Cluster
from runbook_gate.configuration import Settings
from runbook_gate.engine.acting import World
from runbook_gate.engine.narration import Narrator
from runbook_gate.gate.client import Gate
from runbook_gate.metrics import catalog
from runbook_gate.metrics.clusters import FAILURES, REQUESTS, TimedCluster, TimedWorld
from runbook_gate.metrics.gates import TimedGate
from runbook_gate.metrics.narrating import CountingNarrator
from runbook_gate.models.decision import Checkpoint, Verdict
from runbook_gate.models.ledger_facts import LedgerFacts

MakeWorld = Callable[[Settings, Clock, Callable[[Iterable[str]], LedgerFacts]], World]
MOST_CODES: Final = 500
_OTHER: Final = "other"


class Metrics:
    """Counters and histograms of one process.

    A series that may be asked whether it rises is there from the start, with 0: else its first rise cannot be seen.

    Args:
        registry: where they are registered, once.
        revision: content digest of the configured bundle; None if none is.
        endpoints: configured names of API servers, so that the first request that fails is seen.
    """

    def __init__(
        self, registry: CollectorRegistry, *, revision: str | None = None, endpoints: Iterable[str] = ()
    ) -> None:
        self._codes: set[str] = set()
        catalog.BUILD.gauge(registry).labels(__version__, revision or "").set(1)
        self.decisions = catalog.DECISIONS.counter(registry)
        self.denials = catalog.DENIALS.counter(registry)
        self.refused = catalog.REFUSED.counter(registry)
        self.ended = catalog.ENDED.counter(registry)
        self.attempts = catalog.ATTEMPTS.counter(registry)
        self.takeovers = catalog.TAKEOVERS.counter(registry)
        self.checkpoint = catalog.CHECKPOINT.histogram(registry)
        self.rounds = catalog.ROUNDS.histogram(registry)
        self.verification = catalog.VERIFICATION.histogram(registry)
        self.kept_back = catalog.KEPT_BACK.counter(registry)
        self.faulty = catalog.FAULTS.counter(registry)
        self.asked = catalog.GATE.histogram(registry)
        self.called = catalog.API.histogram(registry)
        self.answered = catalog.API_REQUESTS.counter(registry)
        self._begin_at_zero(("default", *endpoints))

    def _begin_at_zero(self, endpoints: Iterable[str]) -> None:
        for series in product(endpoints, REQUESTS, FAILURES):
            self.answered.labels(*series)
        for checkpoint in get_args(Checkpoint):
            self.checkpoint.labels(checkpoint)
            for verdict in get_args(Verdict):
                self.decisions.labels(checkpoint, verdict)
        _zero(self.ended, "complete", "escalated")
        _zero(self.attempts, "1", "2")
        _zero(self.faulty, *_classes(errors.RunbookGateError), _OTHER)
        for outcome in ("accepted", "refused"):
            self.asked.labels(outcome)

    def bounded(self, code: str) -> str:
        """A code as a label: a sidecar that was replaced may answer any, so `other` stands for those beyond a limit."""
        if code not in self._codes and len(self._codes) >= MOST_CODES:
            return _OTHER
        self._codes.add(code)
        return code

    def narrator(self, inner: Narrator) -> Narrator:
        """A narrator that counts what happens in a run, and tells `inner` all of it."""
        return CountingNarrator(inner, self)

    def gate(self, inner: Gate) -> Gate:
        """A gate that times its questions."""
        return TimedGate(inner, self.asked)

    def calls(self, inner: Cluster) -> Cluster:
        """An address of the cluster whose requests are timed and counted."""
        return TimedCluster(inner, self.called, self.answered)

    def world(self, make: MakeWorld) -> MakeWorld:
        """A maker of worlds whose clusters are timed."""
        return lambda settings, clock, facts: TimedWorld(make(settings, clock, facts), self.calls)

    @contextmanager
    def faults(self) -> Iterator[None]:
        """A block that carries out a task: the fault that ends it is counted, and goes on."""
        try:
            yield
        except Exception as fault:
            self.fault(fault)
            raise

    def fault(self, fault: Exception) -> None:
        """Count a fault."""
        known = isinstance(fault, errors.RunbookGateError)
        self.faulty.labels(type(fault).__name__ if known else _OTHER).inc()


def _zero(counter: Counter, *values: str) -> None:
    for value in values:
        counter.labels(value)


def _classes(kind: type[Exception]) -> Iterator[str]:
    for below in kind.__subclasses__():
        yield below.__name__
        yield from _classes(below)
