"""How long an API server takes, and what becomes of requests."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final

from prometheus_client import Counter, Histogram

from runbook_gate.clock import Reading
from runbook_gate.cluster.deadline import Deadline
from runbook_gate.cluster.protocol import Cluster, Connection, Exchange, LabelPatch, ProbeResource
from runbook_gate.effects.context import EffectContext
from runbook_gate.engine.acting import World

REQUESTS: Final = ("read_namespace", "patch", "patch_dry_run", "create_dry_run", "self_subject_review")
FAILURES: Final = ("server_error", "throttled", "refused", "timed_out", "lost")


class TimedCluster:
    """A `Cluster` whose requests are timed and counted.

    Args:
        inner: the address.
        seconds: where the time goes, by endpoint and request.
        answered: counts outcomes, by endpoint and request.
    """

    def __init__(self, inner: Cluster, seconds: Histogram, answered: Counter) -> None:
        self._inner, self._seconds, self._answered = inner, seconds, answered

    @property
    def name(self) -> str:
        """Configured name of the API server."""
        return self._inner.name

    @contextmanager
    def open(self, within_s: float) -> Iterator[Connection]:
        """A new connection whose requests together take at most `within_s` seconds."""
        with self._inner.open(within_s) as connection:
            yield TimedConnection(connection, self._timed)

    def _timed(self, request: str, send: Callable[[], Exchange]) -> Exchange:
        began = time.perf_counter()
        exchange = send()
        self._answered.labels(self.name, request, outcome_of(exchange)).inc()
        self._seconds.labels(self.name, request).observe(time.perf_counter() - began)
        return exchange


def outcome_of(exchange: Exchange) -> str:
    """What became of a request, in few words: whether anybody answered, and whether the server was at fault."""
    status = exchange.status
    if status is None:
        return exchange.outcome
    if status == 429:
        return "throttled"
    return "server_error" if status >= 500 else "client_error" if status >= 400 else "answered"


class TimedConnection:
    """A `Connection` whose requests are timed; made by `TimedCluster.open`."""

    def __init__(self, inner: Connection, timed: Callable[[str, Callable[[], Exchange]], Exchange]) -> None:
        self._inner, self._timed = inner, timed

    def read_namespace(self, name: str) -> Exchange:
        """Read a namespace consistently."""
        return self._timed("read_namespace", lambda: self._inner.read_namespace(name))

    def patch_namespace(
        self,
        patch: LabelPatch,
        *,
        dry_run: bool,
        audit_id: str | None = None,
        not_after: Deadline | None = None,
    ) -> Exchange:
        """Send a merge patch."""
        return self._timed(
            "patch_dry_run" if dry_run else "patch",
            lambda: self._inner.patch_namespace(patch, dry_run=dry_run, audit_id=audit_id, not_after=not_after),
        )

    def create(
        self, resource: ProbeResource, namespace: str, manifest: Mapping[str, Any], *, audit_id: str
    ) -> Exchange:
        """Create with dryRun=All, always."""
        return self._timed(
            "create_dry_run", lambda: self._inner.create(resource, namespace, manifest, audit_id=audit_id)
        )

    def self_subject_review(self, *, audit_id: str | None = None) -> Exchange:
        """Ask the API server as whom it sees us."""
        return self._timed("self_subject_review", lambda: self._inner.self_subject_review(audit_id=audit_id))

    def skipped(self) -> Exchange:
        """What stands in place of a request that was not sent."""
        return self._inner.skipped()


class TimedWorld:
    """A world whose clusters are timed.

    Args:
        inner: the world.
        timed: times one address.
    """

    def __init__(self, inner: World, timed: Callable[[Cluster], Cluster]) -> None:
        self._inner, self._timed = inner, timed

    def context(
        self, *, run_id: str, marker: str, intent: str | None, basis: Reading, label_keys: tuple[str, ...]
    ) -> EffectContext:
        """The context of one effect."""
        made = self._inner.context(run_id=run_id, marker=marker, intent=intent, basis=basis, label_keys=label_keys)
        servers = tuple(self._timed(server) for server in made.servers)
        return replace(made, cluster=self._timed(made.cluster), servers=servers)
