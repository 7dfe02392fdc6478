"""A little world in which executors die, hang and overtake each other, and others act in between."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml
from tests.fakes.cluster import Fault
from tests.postgresql.databases import go_by
from tests.statemachine.acts import Acts, Registers, moment
from tests.statemachine.clocks import HostClock, TrueClock
from tests.statemachine.process import point
from tests.statemachine.tables import Tables
from tests.statemachine.watched import (
    WatchedAuditLog,
    WatchedCluster,
    WatchedServer,
    WatchedStore,
    is_write,
)

from runbook_gate.clock import Clock, Reading
from runbook_gate.cluster.calls import Call
from runbook_gate.configuration import Opa, Settings
from runbook_gate.demo.stage import Target
from runbook_gate.gate.bundle import Bundle
from runbook_gate.gate.sidecar import Sidecar
from runbook_gate.ledger import Store
from runbook_gate.models.ledger_facts import LedgerFacts
from runbook_gate.models.task import Submission
from runbook_gate.stores import program, store_place
from runbook_gate.submission import read_task, submitted
from runbook_gate.surroundings import Surroundings

START_MS = 1_784_635_200_000
NAMESPACES = ("payments-one", "payments-two")


@dataclass(frozen=True)
class Sent:
    """A write at the moment at which its executor let it go."""

    audit_id: str
    at: Reading


@dataclass(frozen=True)
class Policy:
    """A bundle and the sidecar that serves it."""

    bundle: Bundle
    sidecar: Sidecar


class RestlessWorld(Acts):
    """Executors, and what happens to them and around them.

    Args:
        folder: for the store.
        shipped: the policy that decides.
        stranger: another one that decides the same.

    Attributes:
        tasks: ids of the tasks that were submitted and not withdrawn.
        withdrawn: those that were.
        submitted: how many were submitted.
        tables: a look into the store past the product.
        sent: every write that left an executor.
        acted: how often which act was performed.
    """

    def __init__(self, folder: Path, shipped: Policy, stranger: Policy) -> None:
        super().__init__(folder, shipped.bundle, shipped.sidecar)
        self.clock = HostClock(at_ms=START_MS)
        self.server = WatchedServer(TrueClock(self.clock))
        self.registers = Registers(self.clock)
        self.policies = {"shipped": shipped, "stranger": stranger}
        self.stranger = Path(stranger.sidecar.address.socket or "")
        (folder / "stranger.tar.gz").write_bytes(stranger.bundle.raw)
        self.in_flight: list[Call] = []
        self.tables, self.submitted = Tables(self.settings.store, self.clock), 0
        self.withdrawn = list[str]()
        self.tasks, self.sent, self.acted = list[str](), list[Sent](), Counter[str]()
        for namespace in NAMESPACES:
            uid = self.server.create_namespace(namespace)
            cluster = self.server.namespaces["kube-system"]["metadata"]["uid"]
            self.registers.targets[namespace] = Target(namespace, uid, cluster)
            self.registers.owners[namespace] = "payments-settlement"

    def open(self) -> Store:
        # Nothing here dies for good, so a store may lie in memory.
        executor = program(self.settings)
        place = store_place(self.settings)
        store = WatchedStore.open(place, clock=self.clock, executor=executor, allow_unfit=True)
        return store if isinstance(place, Path) else go_by(store, self.clock)

    def ask_for(self, namespace: str, *, until_ms: int = 8 * 3_600_000, as_seen: bool = False, **changes: Any) -> str:
        """Submit a task about a namespace, whose labels were seen as they are or are said to be gone; return its id."""
        self.submitted += 1
        task_id = f"task-{self.submitted}"
        document = {**self.registers.targets[namespace].task(task_id), **changes}
        if as_seen:
            live = self.server.namespaces[namespace]["metadata"]["labels"]
            document["drift"]["labels"] = {key: live.get(key) for key in document["labels"]}
        now_ms = TrueClock(self.clock).read().at_ms
        document["prequalification"]["until"] = moment(now_ms + until_ms)
        path = self.folder / f"{task_id}.yaml"
        path.write_text(yaml.safe_dump(document), encoding="utf-8")
        with self.open() as store:
            submission = Submission(submitter="demo", assurance="claimed", submitted_ms=now_ms)
            store.tasks.submit(submitted(read_task(path), submission))
        self.tasks.append(task_id)
        return task_id

    def withdraw(self) -> None:
        """Withdraw the newest task, if it is still queued."""
        with self.open() as store:
            if self.tasks and store.tasks.status(self.tasks[-1]).state == "queued":
                self.withdrawn.append(self.tasks.pop())
                store.tasks.withdraw(self.withdrawn[-1], actor="platform-team")

    def mend(self) -> None:
        """Everything answers again, nobody is paused, and the clock is right."""
        self.unmute()
        self.unpause()
        self.age(0)
        self.audit("answered", True)
        self.step(-self.clock.stepped_ms)
        for namespace, found in list(self.server.namespaces.items()):
            if found["status"]["phase"] == "Terminating":
                self.recreate(namespace)
        for namespace, target in self.registers.targets.items():
            self.registers.targets[namespace] = replace(target, waivers=())
            self.registers.owners[namespace] = target.task("")["owner_alias"]

    def unfinished(self) -> list[str]:
        """Tasks that have not ended."""
        with self.open() as store:
            return [task.id for task in store.tasks.list() if task.state != "finished"]

    def perform(self, act: str, arguments: tuple[Any, ...]) -> Any:
        """Perform an act by its name."""
        self.acted[act] += 1
        return getattr(self, act)(*arguments)

    def configured(self, policy: str) -> Settings:
        """The configuration of an executor: with the `shipped` policy, the `stranger`'s, or a sidecar that is gone."""
        if policy == "shipped":
            return self.settings
        changed: dict[str, Any] = {"opa": Opa(socket=self.no_opa())}
        if policy == "stranger":
            changed = {"opa": Opa(socket=self.stranger), "bundle": self.folder / "stranger.tar.gz"}
        return self.settings.model_copy(update=changed)

    def around(self, settings: Settings, clock: Clock, facts: Callable[[Iterable[str]], LedgerFacts]) -> Surroundings:
        """What effects work with."""
        cluster = WatchedCluster(self.server, self.clock)
        cluster.fault = self._request
        audit = WatchedAuditLog(self.server)
        audit.outcome, audit.complete = self.audit_outcome, self.audit_complete
        return Surroundings(cluster, (), self.registers, audit, clock, facts)

    def _request(self, call: Call) -> Fault | None:
        """A request leaves its executor; the moment of a write is noted before anything can happen to it."""
        if is_write(call):
            self.sent.append(Sent(call.audit_id or "", self.clock.read()))
        happened = point("write" if is_write(call) else "send")
        if happened != "hold":
            return happened if isinstance(happened, Fault) else None
        if is_write(call):
            self.in_flight.append(call)
        return Fault("timed_out")
