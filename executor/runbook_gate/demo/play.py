"""Plays both acts on a local cluster, checks the ledger, and says where everything lies.

Whatever ends it, Ctrl-C and errors included, leaves through the same blocks: sidecar, API server and etcd are stopped.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from rich.console import Console

from runbook_gate.cli.telling import Teller
from runbook_gate.clock import SystemClock
from runbook_gate.configuration import Settings
from runbook_gate.demo.folder import prepare, say_where
from runbook_gate.demo.stage import APPROVED, CLUSTER_ID, REGISTERS, REMOVED, Target, write
from runbook_gate.demo.telling import show_packet
from runbook_gate.ledger import Store
from runbook_gate.localcluster import LocalCluster
from runbook_gate.localcluster.seeding import Seeder
from runbook_gate.models.packet import Packet
from runbook_gate.models.task import Submission
from runbook_gate.session import Session
from runbook_gate.stores import open_store
from runbook_gate.submission import read_task, submitted


class Act(NamedTuple):
    """One task and its target.

    Attributes:
        task: id of the task.
        namespace: the target.
        waiver: whether a waiver is open.
        tells: what it is about.
        lasts: how long, in words.
    """

    task: str
    namespace: str
    waiver: bool
    tells: str
    lasts: str


ACTS = (
    Act(
        "restore-psa-0001",
        "payments-settlement-prod",
        False,
        "all registers agree",
        "about 10 s, because verification needs two rounds, 5 s apart",
    ),
    Act("restore-psa-0002", "payments-clearing-prod", True, "a waiver is open", "about 3 s"),
)


@dataclass(frozen=True)
class Played:
    """What came of it.

    Attributes:
        folder: where everything lies.
        outcomes: how each task ended.
        ledger: what `ledger verify` found.
        as_expected: whether all came out as it should.
    """

    folder: Path
    outcomes: dict[str, str]
    ledger: str
    as_expected: bool


def play(folder: Path, console: Console) -> Played:
    """Play the demo.

    Args:
        folder: where everything lies; new or empty, and kept.
        console: where it is told.
    """
    began = time.monotonic()
    console.print("This takes about 20 s: 5 s until a real API server is ready, then two repairs.")
    console.rule("etcd and kube-apiserver: about 5 s")
    with LocalCluster.start(folder / "cluster") as cluster:
        settings = prepare(folder, cluster)
        console.print(f"API server {cluster.server.url}, policy bundle {settings.bundle}", soft_wrap=True)
        outcomes = {act.task: _play(act, folder / act.task, cluster, settings, console) for act in ACTS}
        found = _verify(settings, console)
    console.print(f"The API server and etcd are stopped. That took {time.monotonic() - began:.0f} s.\n")
    say_where(folder, console, [act.task for act in ACTS])
    fit = list(outcomes.values()) == ["complete", "escalated"] and found == "chain consistent"
    return Played(folder, outcomes, found, fit)


def _play(act: Act, folder: Path, cluster: LocalCluster, settings: Settings, console: Console) -> str:
    console.rule(f"{act.task}: {act.tells}")
    console.print(f"Namespace {act.namespace}: a reconciler has removed its six labels.")
    console.print(f"Now the runbook, {act.lasts}.\n")
    files = _seed(act, folder, cluster)
    chosen = settings.model_copy(update={"registers": {name: files[name] for name in REGISTERS}})
    clock = SystemClock()
    with open_store(chosen, clock=clock) as store:
        submission = Submission(submitter="demo", assurance="claimed", submitted_ms=clock.read().at_ms)
        store.tasks.submit(submitted(read_task(files["task"]), submission))
        finished = Session(chosen, store, Teller(console, wrap=True), clock=clock).run_task(act.task)
        if finished.packet:
            _show(store, finished.packet, console)
    return str(finished.outcome)


def _seed(act: Act, folder: Path, cluster: LocalCluster) -> dict[str, Path]:
    with Seeder(cluster.server.kubeconfig()) as seeder:
        uid = seeder.namespace(act.namespace, {key: value for key, value in APPROVED.items() if value})
        seeder.grant_executor(act.namespace)
        seeder.label(act.namespace, REMOVED)
        scope = {"cluster_id": CLUSTER_ID, "namespace": act.namespace}
        waivers = ({"id": "EXC-311", "status": "open", "scope": scope},) if act.waiver else ()
        target = Target(act.namespace, uid, seeder.uid("kube-system"), waivers=waivers)
    return write(folder, target, act.task)


def _show(store: Store, packet: str, console: Console) -> None:
    console.print("\nThe packet that a human gets:\n")
    show_packet(Packet.model_validate_json(store.escalations.packet(packet)), console)


def _verify(settings: Settings, console: Console) -> str:
    console.rule("the ledger, checked")
    with open_store(settings, clock=SystemClock(), read_only=True) as store:
        found = store.verify()
    for chain in found.chains:
        console.print(f"{chain.chain:<26}  {chain.entries:>3} entries  {chain.result}", soft_wrap=True)
    return found.result
