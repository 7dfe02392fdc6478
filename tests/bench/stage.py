"""A real API server, a warm OPA, and one target after the other."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import yaml

from runbook_gate import resources
from runbook_gate.clock import SystemClock
from runbook_gate.configuration import Audit, Cluster, Opa, Settings
from runbook_gate.demo.stage import REGISTERS, Target, write
from runbook_gate.engine.heads import Heads
from runbook_gate.engine.narration import Silent
from runbook_gate.gate.build import build
from runbook_gate.gate.bundle import Bundle
from runbook_gate.gate.sidecar import Sidecar
from runbook_gate.ledger import Finished, Store
from runbook_gate.localcluster import LocalCluster, find_tool
from runbook_gate.localcluster.seeding import Seeder
from runbook_gate.models.task import Submission
from runbook_gate.session import Session
from runbook_gate.stores import open_store
from runbook_gate.submission import read_task, submitted
from runbook_gate.working.warm import WarmPolicies


class Waiting(SystemClock):
    """The system's clock; it counts how long was waited.

    Attributes:
        slept_s: seconds.
    """

    slept_s = 0.0

    def sleep(self, seconds: float) -> None:
        began = time.perf_counter()
        super().sleep(seconds)
        self.slept_s += time.perf_counter() - began


@dataclass
class Stage:
    """What all measurements share.

    Attributes:
        folder: for everything.
        cluster: the API server.
        seeder: with every right on it.
        bundle: the shipped policies.
        sidecar: OPA that serves them.
        settings: a configuration that uses them.
        clock: of the store and of every run.
        store: open from run to run, as `work` has it.
        policies: kept from run to run, likewise.
    """

    folder: Path
    cluster: LocalCluster
    seeder: Seeder
    bundle: Bundle
    sidecar: Sidecar
    settings: Settings
    clock: Waiting
    store: Store
    policies: WarmPolicies
    _made: int = field(default=0)

    def target(self) -> tuple[Target, Settings]:
        """A fresh namespace without labels, its registers, and settings that name them."""
        self._made += 1
        name = f"payments-{self._made:05}"
        uid = self.seeder.namespace(name)
        self.seeder.grant_executor(name)
        target = Target(name, uid, self.seeder.uid("kube-system"))
        files = write(self.folder / name, target, f"task-{name}")
        places = {register: files[register] for register in REGISTERS}
        return target, self.settings.model_copy(update={"registers": places})

    def submit(self, target: Target) -> str:
        """Submit the task that repairs a target."""
        task_id = f"task-{target.namespace}"
        path = self.folder / f"{task_id}.yaml"
        path.write_text(yaml.safe_dump(target.task(task_id)), encoding="utf-8")
        now = int(datetime.now(UTC).timestamp() * 1000)
        submission = Submission(submitter="ci-platform", assurance="claimed", submitted_ms=now)
        self.store.tasks.submit(submitted(read_task(path), submission))
        return task_id

    def require_repaired(self, target: Target) -> None:
        """See that a target has its labels: what did not repair it is no measure.

        Args:
            target: that a run, or whatever a run is compared with, was to repair.

        Raises:
            AssertionError: if one of them is missing or another.
        """
        live = self.seeder.core.read_namespace(target.namespace).metadata.labels
        wrong = sorted(key for key, value in target.labels.items() if live.get(key) != value)
        if wrong:
            raise AssertionError(f"{target.namespace} was not repaired: {', '.join(wrong)}")

    def run(self, settings: Settings, task_id: str) -> tuple[Finished, float]:
        """Carry a task out in this process, which is as warm as `work` is at its second task.

        Returns:
            How it ended, and the seconds that it took without its waits.
        """
        heads = Heads(settings.heads_file, settings.termination_message)
        session = Session(settings, self.store, Silent(), clock=self.clock, policies=self.policies, heads=heads)
        began, slept_s = time.perf_counter(), self.clock.slept_s
        finished = session.run_task(task_id)
        return finished, time.perf_counter() - began - (self.clock.slept_s - slept_s)


@contextmanager
def stage(folder: Path) -> Iterator[Stage]:
    """Set it up for the time of a block."""
    opa = find_tool("opa")
    bundle = build(resources.policies(), opa=opa)
    (folder / "bundle.tar.gz").write_bytes(bundle.raw)
    with (
        LocalCluster.start(folder / "cluster") as cluster,
        Seeder(cluster.server.kubeconfig()) as seeder,
        Sidecar(opa, bundle) as sidecar,
    ):
        settings = Settings(
            store=folder / "ledger.sqlite",
            bundle=folder / "bundle.tar.gz",
            opa=Opa(socket=Path(str(sidecar.address.socket))),
            cluster=Cluster(kubeconfig=cluster.server.kubeconfig("executor")),
            audit=Audit(logs=(cluster.server.audit_log,)),
            submitter="ci-platform",
        )
        clock, policies = Waiting(), WarmPolicies(settings)
        policies.look()
        with closing(policies), open_store(settings, clock=clock) as store:
            yield Stage(folder, cluster, seeder, bundle, sidecar, settings, clock, store, policies)
            policies.leave()
