"""A real API server, hundreds of namespaces, a store on a real PostgreSQL server or in a file, and workers."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import yaml
from tests.postgresql.server import PostgresServer
from tests.roles.roled import RUNTIME, roled
from tests.scenarios.bundles import edited
from tests.scenarios.process import environment

from runbook_gate.clock import SystemClock
from runbook_gate.configuration import Audit, Cluster, Opa, Settings
from runbook_gate.demo.stage import REGISTERS, REMOVED, Target, rfc3339
from runbook_gate.ledger import Store
from runbook_gate.localcluster import LocalCluster, find_tool
from runbook_gate.localcluster.seeding import Seeder
from runbook_gate.models.task import Submission
from runbook_gate.stores import open_store
from runbook_gate.submission import read_task, submitted

PROGRAM: Final = Path(sys.executable).with_name("runbook-gate")
_RUNBOOK: Final = "runbooks/MKS-PSA-Label-Restore-v3/data.yaml"
_LIMITS: Final = [("between_rounds: 5000", "between_rounds: 100"), ("cp3: 5000", "cp3: 100")]


@dataclass
class Place:
    """Where the load is.

    Attributes:
        folder: for everything.
        cluster: the API server.
        seeder: with every right on it.
        settings: of the workers.
        server: the database; None for a store in a file.
        targets: the namespaces.
    """

    folder: Path
    cluster: LocalCluster
    seeder: Seeder
    settings: Settings
    server: PostgresServer | None
    targets: list[Target] = field(default_factory=list)

    def populate(self, namespaces: int) -> None:
        """Make the namespaces, and registers that know all of them."""
        cluster_uid = self.seeder.uid("kube-system")

        def one(number: int) -> Target:
            name = f"payments-{number:04}"
            uid = self.seeder.namespace(name)
            self.seeder.grant_executor(name)
            return Target(name, uid, cluster_uid)

        with ThreadPoolExecutor(4) as pool:
            self.targets = list(pool.map(one, range(namespaces)))
        self.state()

    def state(self) -> None:
        """Let the registers answer as of now; a register that is too old is not believed."""
        for name in REGISTERS:
            records = [record for one in self.targets for record in one.records(name)]
            records = records[:1] if name == "cluster_inventory" else records
            document = {**self.targets[0].register(name), "total": len(records), "records": records}
            file = self.settings.registers[name]
            assert isinstance(file, Path)
            beside = file.with_suffix(".new")
            beside.write_text(json.dumps(document), encoding="utf-8")  # JSON is YAML
            beside.replace(file)

    def submit(self, wave: int) -> list[str]:
        """One task for every namespace."""
        tasks = []
        submission = Submission(submitter="ci-platform", assurance="claimed", submitted_ms=_now_ms())
        until = rfc3339(datetime.fromtimestamp(time.time() + 8 * 3600, UTC))
        with self.store() as store:
            for target in self.targets:
                document = target.task(f"task-{wave}-{target.namespace}")
                document["prequalification"]["until"] = until
                file = self.folder / "task.yaml"
                file.write_text(yaml.safe_dump(document), encoding="utf-8")
                store.tasks.submit(submitted(read_task(file), submission))
                tasks.append(str(document["id"]))
        return tasks

    def acknowledge(self) -> None:
        """As the people would who get the packets: else a target has no further run."""
        with self.store() as store:
            for packet in store.escalations.ids("open", limit=10_000):
                store.escalations.acknowledge(packet, actor="leah", note="seen")

    def drop_labels(self) -> None:
        """As a reconciler would."""
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda target: self.seeder.label(target.namespace, REMOVED), self.targets))

    def store(self) -> Store:
        """The ledger."""
        return open_store(self.settings, clock=SystemClock())

    def start_worker(self, concurrency: int) -> subprocess.Popen[bytes]:
        """`runbook-gate work` as a process; its log is kept."""
        command = [str(PROGRAM), "work", "--concurrency", str(concurrency), "--log", "json"]
        with (self.folder / "workers.log").open("ab") as log:
            return subprocess.Popen(
                command, cwd=self.folder, env=environment(self.settings), stdout=subprocess.DEVNULL, stderr=log
            )

    def program(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one command."""
        return subprocess.run(
            [str(PROGRAM), *arguments],
            cwd=self.folder,
            env=environment(self.settings),
            capture_output=True,
            text=True,
            check=False,
        )


def _now_ms() -> int:
    return SystemClock().read().at_ms


@contextmanager
def place(folder: Path, *, postgresql: bool, namespaces: int) -> Iterator[Place]:
    """Set it up for the time of a block."""
    opa = find_tool("opa")
    bundle = folder / "bundle.tar.gz"
    bundle.write_bytes(edited(folder, opa, {_RUNBOOK: _LIMITS}).raw)
    with ExitStack() as stack:
        cluster = stack.enter_context(LocalCluster.start(folder / "cluster"))
        seeder = stack.enter_context(Seeder(cluster.server.kubeconfig()))
        server = stack.enter_context(PostgresServer(durable=True)) if postgresql else None
        settings = Settings(
            store=roled(server, SystemClock()).place(RUNTIME).url if server else folder / "ledger.sqlite",
            packet_dir=folder / "packets",
            bundle=bundle,
            opa=Opa(binary=opa),
            cluster=Cluster(kubeconfig=cluster.server.kubeconfig("executor")),
            audit=Audit(logs=(cluster.server.audit_log,)),
            submitter="ci-platform",
            registers={name: folder / f"{name}.yaml" for name in REGISTERS},
        )
        made = Place(folder, cluster, seeder, settings, server)
        made.populate(namespaces)
        yield made
