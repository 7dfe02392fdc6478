"""Plays both acts on a local cluster, and says where everything lies."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from runbook_gate.binaries import find_tool
from runbook_gate.cli.telling import Teller
from runbook_gate.clock import SystemClock
from runbook_gate.configuration import Audit, Cluster, Settings
from runbook_gate.demo.stage import APPROVED, CLUSTER_ID, REGISTERS, REMOVED, Target, write
from runbook_gate.gate.build import build
from runbook_gate.localcluster import LocalCluster
from runbook_gate.localcluster.seeding import Seeder
from runbook_gate.models.packet import Packet
from runbook_gate.models.task import Submission
from runbook_gate.packet.markdown import render
from runbook_gate.resources import policies
from runbook_gate.session import Session, open_store
from runbook_gate.submission import read_task, submitted

ACTS = (
    ("restore-psa-0001", "payments-settlement-prod", False),
    ("restore-psa-0002", "payments-clearing-prod", True),
)


def play(folder: Path, console: Console, stopping: Callable[[], bool]) -> int:
    """Play the demo.

    Args:
        folder: where everything lies; kept.
        console: where it is told.
        stopping: true ends it at the next safe point.

    Returns:
        0 if both acts came out as they should and the chain is consistent.
    """
    began = time.monotonic()
    console.rule("Starting etcd and a real kube-apiserver")
    with LocalCluster.start(folder / "cluster") as cluster:
        settings = _settings(folder, cluster)
        console.print(f"API server {cluster.server.url}, policy bundle {settings.bundle}")
        outcomes = [
            _act(folder / task, cluster, settings, console, stopping, task, namespace, waiver=waiver)
            for task, namespace, waiver in ACTS
        ]
        verified = _check(settings, console)
    _where(folder, console, time.monotonic() - began)
    return 0 if outcomes == ["complete", "escalated"] and verified else 1


def _settings(folder: Path, cluster: LocalCluster) -> Settings:
    bundle = folder / "bundle.tar.gz"
    bundle.write_bytes(build(policies(), opa=find_tool("opa")).raw)
    return Settings(
        store=folder / "ledger.sqlite",
        bundle=bundle,
        packet_dir=folder / "packets",
        heads_file=folder / "heads.txt",
        submitter="demo",
        cluster=Cluster(kubeconfig=cluster.server.kubeconfig("executor")),
        audit=Audit(logs=(cluster.server.audit_log,)),
    )


def _act(
    folder: Path,
    cluster: LocalCluster,
    settings: Settings,
    console: Console,
    stopping: Callable[[], bool],
    task_id: str,
    namespace: str,
    *,
    waiver: bool,
) -> str:
    console.rule(f"{task_id}: {namespace}, {'with an open waiver' if waiver else 'all registers agree'}")
    files = _seed(folder, cluster, task_id, namespace, waiver=waiver)
    console.print("A reconciler has removed the six Pod Security labels. Now the runbook:")
    chosen = settings.model_copy(update={"registers": {name: files[name] for name in REGISTERS}})
    clock = SystemClock()
    with open_store(chosen, clock=clock) as store:
        submission = Submission(submitter="demo", assurance="claimed", submitted_ms=clock.read().at_ms)
        store.tasks.submit(submitted(read_task(files["task"]), submission))
        session = Session(chosen, store, Teller(console), clock=clock, stopping=stopping)
        finished = session.run_task(task_id)
        _print_packet(store.escalations.packet(finished.packet) if finished.packet else None, console)
    return str(finished.outcome)


def _seed(folder: Path, cluster: LocalCluster, task_id: str, namespace: str, *, waiver: bool) -> dict[str, Path]:
    with Seeder(cluster.server.kubeconfig()) as seeder:
        uid = seeder.namespace(namespace, {key: value for key, value in APPROVED.items() if value})
        seeder.grant_executor(namespace)
        seeder.label(namespace, REMOVED)
        scope = {"cluster_id": CLUSTER_ID, "namespace": namespace}
        waivers = ({"id": "EXC-311", "status": "open", "scope": scope},) if waiver else ()
        target = Target(namespace, uid, seeder.uid("kube-system"), waivers=waivers)
    return write(folder, target, task_id)


def _print_packet(raw: bytes | None, console: Console) -> None:
    if raw is not None:
        console.print("The packet for a human:\n")
        console.print(render(Packet.model_validate_json(raw)), markup=False, soft_wrap=True)


def _check(settings: Settings, console: Console) -> bool:
    console.rule("Checking the ledger")
    with open_store(settings, clock=SystemClock(), read_only=True) as store:
        found = store.verify()
    console.print(f"ledger verify: {found.result}")
    return bool(found.result == "chain consistent")


def _where(folder: Path, console: Console, seconds: float) -> None:
    console.print(f"Everything lies in {folder}: ledger.sqlite, bundle.tar.gz, packets/, heads.txt, cluster/audit.")
    console.print(f"Look again: runbook-gate show restore-psa-0001 --store {folder / 'ledger.sqlite'}")
    console.print(f"The API server and etcd are stopped. That took {seconds:.1f} s.")
