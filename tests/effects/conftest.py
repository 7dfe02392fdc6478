"""Effects on the cluster in memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from tests.fakes.cluster import FakeAuditLog, FakeCluster
from tests.fakes.server import FakeServer

from runbook_gate.clock import Reading
from runbook_gate.effects.context import EffectContext
from runbook_gate.effects.protocol import FenceFacts
from runbook_gate.models.base import Labels
from runbook_gate.models.ledger_facts import LedgerFacts
from runbook_gate.models.task import Drift, Prequalification, Submission, Task
from runbook_gate.registers.protocol import RawAnswer

PREFIX = "pod-security.kubernetes.io/"
KEYS = tuple(PREFIX + mode for mode in ("audit", "audit-version", "enforce", "enforce-version", "warn", "warn-version"))
TUPLE: Labels = {**dict(zip(KEYS, ["restricted", "v1.34"] * 3, strict=True)), KEYS[1]: None}
SOURCES = ["namespace_baseline", "platform_exceptions", "cluster_inventory", "namespace_ownership"]
INTENT = "ab" * 32


@dataclass
class StoppedClock:
    """A clock that a test moves."""

    reading: Reading = field(default_factory=lambda: Reading(1_795_168_800_000, 50_000, "boot-1"))

    def read(self) -> Reading:
        return self.reading

    def sleep(self, seconds: float) -> None:
        self.move(int(seconds * 1000))

    def move(self, wall_ms: int, boot_ms: int | None = None) -> None:
        now = self.reading
        passed = wall_ms if boot_ms is None else boot_ms
        self.reading = replace(now, at_ms=now.at_ms + wall_ms, boottime_ms=now.boottime_ms + passed)


@dataclass
class NoRegisters:
    """Registers that are not there, and the order in which they were asked for."""

    asked: list[str] = field(default_factory=list)

    def read(self, name: str) -> RawAnswer:
        self.asked.append(name)
        return RawAnswer("missing", "no_file", 5)


@dataclass
class Bench:
    """One target, one context, and all that stands behind it."""

    clock: StoppedClock
    server: FakeServer
    cluster: FakeCluster
    registers: NoRegisters
    context: EffectContext

    @property
    def target(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.server.namespaces["payments"]
        return found


@pytest.fixture
def bench() -> Bench:
    clock = StoppedClock()
    server = FakeServer(clock)
    server.create_namespace("payments", {"team": "x"})
    cluster, registers = FakeCluster(server, clock), NoRegisters()
    facts = LedgerFacts(previous_run=None, previous_chain="none", evidence_missing=[], escalations=[], paused=None)
    context = EffectContext(
        run_id="01kq3v",
        marker="rbgate.01kq3v.1",
        intent=INTENT,
        basis=clock.read(),
        label_keys=KEYS,
        cluster=cluster,
        servers=(),
        registers=registers,
        audit=FakeAuditLog(server),
        clock=clock,
        ledger_facts=lambda _: facts,
    )
    return Bench(clock, server, cluster, registers, context)


@pytest.fixture
def task() -> Task:
    return Task(
        schema_=1,
        id="t-1",
        runbook="MKS-PSA-Label-Restore-v3",
        cluster_id="mks-1",
        namespace="payments",
        owner_alias="payments",
        policy_baseline_version="psb",
        labels=TUPLE,
        drift=Drift(namespace_uid="u-1", labels=dict.fromkeys(KEYS)),
        retry_budget=2,
        prequalification=Prequalification(reference="CHG-1", by="governance", until_ms=1_795_168_900_000),
        submission=Submission(submitter="ci", assurance="claimed", submitted_ms=1_795_168_700_000),
    )


@pytest.fixture
def facts(task: Task) -> FenceFacts:
    now = StoppedClock().read()
    return FenceFacts(
        task=task,
        label_keys=KEYS,
        sources=tuple(SOURCES),
        uid="u-1",
        resource_version="7",
        intents=(),
        rounds=(),
        since_ms=0,
        deadline_ms=now.at_ms + 900_000,
        retry_budget=2,
        basis=now,
        now=now,
    )
