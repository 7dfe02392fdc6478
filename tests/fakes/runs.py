"""Whole runs in a second: the shipped policies in a real OPA, a store in a file, a cluster and a clock in memory.

For tests of what is told about runs. How runs go is tested on the real API server, in tests/scenarios.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.fakes.clock import ManualClock
from tests.fakes.cluster import FakeAuditLog, FakeCluster, Fault
from tests.fakes.server import FakeServer
from tests.postgresql.databases import DATABASES, go_by

from runbook_gate.audit.protocol import AuditLog
from runbook_gate.clock import Clock
from runbook_gate.cluster.calls import Call
from runbook_gate.configuration import Opa, Settings
from runbook_gate.demo.stage import APPROVED, Target, rfc3339, write
from runbook_gate.effects.protocol import Effect
from runbook_gate.effects.registry import EFFECTS
from runbook_gate.engine.narration import Narrator, Silent
from runbook_gate.gate.bundle import Bundle
from runbook_gate.gate.sidecar import Sidecar
from runbook_gate.ledger import Finished, Store
from runbook_gate.metrics import Metrics
from runbook_gate.models.ledger_facts import LedgerFacts
from runbook_gate.models.task import Submission
from runbook_gate.registers.places import ConfiguredRegisters
from runbook_gate.session import Session
from runbook_gate.stores import open_store
from runbook_gate.submission import read_task, submitted
from runbook_gate.surroundings import Surroundings


class LittleWorld:
    """A folder with a store, and namespaces in memory.

    Args:
        folder: for the store and the registers.
        bundle: the policies.
        sidecar: serves them.

    Attributes:
        settings: with which the command line finds the store.
        clock: goes when it is told to.
        server: the API server in memory.
        fault: asked before each request of a run.
        stopping: asked by runs at their safe points.
        audit_log: makes the audit log of a run.
        effects: what its executors can do.
        metrics: where its executors count; None for nowhere.
    """

    def __init__(self, folder: Path, bundle: Bundle, sidecar: Sidecar) -> None:
        self.folder = folder
        (folder / "bundle.tar.gz").write_bytes(bundle.raw)
        self.settings = Settings(
            store=DATABASES.store(folder),
            packet_dir=folder / "packets",
            bundle=folder / "bundle.tar.gz",
            opa=Opa(socket=Path(sidecar.address.socket or "")),
        )
        self.clock = ManualClock(at_ms=int(time.time() * 1000))
        self.server = FakeServer(self.clock)
        self.fault: Callable[[Call], Fault | None] = lambda call: None
        self.stopping: Callable[[], bool] = lambda: False
        self.audit_log: Callable[[FakeServer], AuditLog] = FakeAuditLog
        self.effects: Mapping[str, Effect[Any, Any]] = EFFECTS
        self.metrics: Metrics | None = None

    def open(self) -> Store:
        """The store."""
        store = open_store(self.settings, clock=self.clock)
        return store if isinstance(self.settings.store, Path) else go_by(store, self.clock)

    def file(self) -> Path:
        """The ledger's file; a test that moves, fills or damages it is about ledgers in files."""
        if not isinstance(self.settings.store, Path):
            pytest.skip("about a ledger in a file")
        return self.settings.store

    def submit(
        self, task_id: str, namespace: str, *, approved: Mapping[str, str | None] = APPROVED, **changes: Any
    ) -> Target:
        """Make a namespace without the labels, registers that agree, and submit a task."""
        uid = self.server.create_namespace(namespace)
        cluster_uid = self.server.namespaces["kube-system"]["metadata"]["uid"]
        target = Target(namespace, uid, cluster_uid, labels=approved, drift=dict.fromkeys(approved))
        files = write(self.folder / task_id, target, task_id)
        self._date(path for name, path in files.items() if name != "task")
        document = {**target.task(task_id), **changes}
        files["task"].write_text(yaml.safe_dump(document), encoding="utf-8")
        submission = Submission(submitter="demo", assurance="claimed", submitted_ms=self.clock.read().at_ms)
        with self.open() as store:
            store.tasks.submit(submitted(read_task(files["task"]), submission))
        return target

    def _date(self, registers: Iterable[Path]) -> None:
        """Let registers be as of this world's clock, behind which a loaded machine's may have run away."""
        as_of = rfc3339(datetime.fromtimestamp(self.clock.read().at_ms / 1000, UTC))
        for path in registers:
            document = yaml.safe_load(path.read_text(encoding="utf-8"))
            path.write_text(yaml.safe_dump({**document, "as_of": as_of}), encoding="utf-8")

    def waive(self, task_id: str, waiver: dict[str, Any]) -> None:
        """Let the register of exceptions answer a task with a waiver."""
        path = self.folder / task_id / "platform_exceptions.yaml"
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        path.write_text(yaml.safe_dump({**document, "total": 1, "records": [waiver]}), encoding="utf-8")

    def session(self, store: Store, task_id: str, narrator: Narrator | None = None) -> Session:
        """An executor of its own, as a process would be, whose registers are a task's."""
        registers = {file.stem: file for file in (self.folder / task_id).glob("*.yaml")}
        settings = self.settings.model_copy(update={"registers": registers})
        told, counted = narrator or Silent(), self.metrics
        return Session(
            settings,
            store,
            counted.narrator(told) if counted else told,
            clock=self.clock,
            stopping=self.stopping,
            world=counted.world(self._world) if counted else self._world,
            gate=counted.gate if counted else lambda gate: gate,
            effects=self.effects,
        )

    def run(self, task_id: str, narrator: Narrator | None = None) -> Finished:
        """Carry the task out, from wherever its ledger stands."""
        with self.open() as store:
            return self.session(store, task_id, narrator).run_task(task_id)

    def _world(self, settings: Settings, clock: Clock, facts: Callable[[Iterable[str]], LedgerFacts]) -> Surroundings:
        cluster = FakeCluster(self.server, self.clock)
        cluster.fault = self.fault
        return Surroundings(
            cluster=cluster,
            servers=(),
            registers=ConfiguredRegisters(settings.registers, clock),
            audit=self.audit_log(self.server),
            clock=clock,
            ledger_facts=facts,
        )


__all__ = ["APPROVED", "LittleWorld"]
