"""The cluster in memory behind the same Protocol as the real client, with faults by the request."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any

from tests.fakes.server import Answer, FakeServer, failure

from runbook_gate.audit.projection import audit_event
from runbook_gate.audit.protocol import AuditQuery
from runbook_gate.clock import Clock
from runbook_gate.cluster import calls
from runbook_gate.cluster.calls import Call
from runbook_gate.cluster.deadline import Deadline
from runbook_gate.cluster.protocol import Exchange, LabelPatch, ProbeResource
from runbook_gate.models.audit_answer import AuditAnswer
from runbook_gate.models.http import Transport

WRITES = {"create", "update", "patch", "delete"}


@dataclass(frozen=True)
class Fault:
    """What goes wrong with one request.

    Attributes:
        outcome: what the client sees.
        delivered: whether the server carried it out all the same.
        status: of an answer that says it failed; None for no answer.
    """

    outcome: Transport
    delivered: bool = False
    status: int | None = None


class FakeCluster:
    """A `Cluster` on a `FakeServer`.

    Attributes:
        requests: every request, faults included.
        fault: asked before each request; None for none.
        connections: how many were opened.
    """

    def __init__(self, server: FakeServer, clock: Clock, name: str = "default") -> None:
        self.server, self.clock, self._name = server, clock, name
        self.requests: list[Call] = []
        self.fault: Callable[[Call], Fault | None] = lambda call: None
        self.connections = 0

    @property
    def name(self) -> str:
        return self._name

    @contextlib.contextmanager
    def open(self, within_s: float) -> Iterator[FakeConnection]:
        self.connections += 1
        yield FakeConnection(self)


class FakeConnection:
    """A `Connection` of a `FakeCluster`."""

    def __init__(self, cluster: FakeCluster) -> None:
        self._cluster = cluster

    def read_namespace(self, name: str) -> Exchange:
        return self._send(calls.read_namespace(name))

    def patch_namespace(
        self,
        patch: LabelPatch,
        *,
        dry_run: bool,
        audit_id: str | None = None,
        not_after: Deadline | None = None,
    ) -> Exchange:
        if not_after and not_after.passed(self._cluster.clock.read()):
            return self.skipped()
        return self._send(calls.patch_namespace(patch, dry_run=dry_run, audit_id=audit_id))

    def create(
        self, resource: ProbeResource, namespace: str, manifest: Mapping[str, Any], *, audit_id: str
    ) -> Exchange:
        return self._send(calls.create_dry_run(resource, namespace, manifest, audit_id=audit_id))

    def self_subject_review(self, *, audit_id: str | None = None) -> Exchange:
        return self._send(calls.self_subject_review(audit_id=audit_id))

    def skipped(self) -> Exchange:
        return self._failed("not_sent")

    def _send(self, call: Call) -> Exchange:
        cluster = self._cluster
        cluster.requests.append(call)
        sent_ms = cluster.clock.read().at_ms
        fault = cluster.fault(call)
        if fault and not fault.delivered:
            return self._faulty(fault, sent_ms)
        answer, audit_id = cluster.server.handle(call)
        return self._faulty(fault, sent_ms) if fault else self._answered(answer, audit_id, sent_ms)

    def _faulty(self, fault: Fault, sent_ms: int) -> Exchange:
        if fault.status is None:
            return self._failed(fault.outcome)
        return self._answered(failure(fault.status, "InternalError", "it failed", "namespaces"), "a-fault", sent_ms)

    def _answered(self, answer: Answer, audit_id: str, sent_ms: int) -> Exchange:
        cluster = self._cluster
        now = cluster.clock.read()
        warnings = [("warning", f'299 - "{_escaped(text)}"') for text in answer.warnings]
        date = ("date", formatdate(cluster.server.clock.read().at_ms / 1000, usegmt=True))
        return Exchange(
            endpoint=cluster.name,
            outcome="answered",
            sent_ms=sent_ms,
            answered_ms=now.at_ms,
            boottime_ms=now.boottime_ms,
            status=answer.status,
            headers=(date, ("audit-id", audit_id), *warnings),
            body=json.dumps(answer.body).encode(),
        )

    def _failed(self, outcome: Transport) -> Exchange:
        now = self._cluster.clock.read()
        return Exchange(self._cluster.name, outcome, now.at_ms, now.at_ms, now.boottime_ms)


class FakeAuditLog:
    """An `AuditLog` over the events of a `FakeServer`.

    Attributes:
        outcome: what it answers with.
        complete: whether it says that nothing is missing.
    """

    def __init__(self, server: FakeServer) -> None:
        self._server = server
        self.outcome: Any = "answered"
        self.complete = True

    def lookup(self, query: AuditQuery) -> AuditAnswer:
        raw = self._server.audit if self.outcome == "answered" else []
        events = [audit_event(event, query.label_keys) for event in raw]
        return AuditAnswer(
            outcome=self.outcome,
            complete=self.complete and self.outcome == "answered",
            newest_ms=max((event.stage_ms or 0 for event in events), default=None),
            events=[event for event in events if event.audit_id in query.audit_ids],
            writes=[event for event in events if _is_write(event, query)],
        )


def _is_write(event: Any, query: AuditQuery) -> bool:
    about = event.resource == "namespaces" and event.name == query.namespace
    return bool(about and event.verb in WRITES and (event.stage_ms or 0) >= query.since_ms)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
