"""What others do while executors run: people, controllers, networks and clocks. Each act may come at any moment."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.fakes.cluster import Fault
from tests.fakes.runs import LittleWorld
from tests.statemachine.clocks import HostClock, TrueClock
from tests.statemachine.process import point
from tests.statemachine.watched import WatchedServer

from runbook_gate.cluster.calls import Call
from runbook_gate.demo.stage import APPROVED, CLUSTER_ID, REMOVED, Target, rfc3339
from runbook_gate.models.http import Transport
from runbook_gate.registers.protocol import RawAnswer

ENFORCE = "pod-security.kubernetes.io/enforce"
VALUES: Mapping[str, Mapping[str, str | None]] = {
    "approved": APPROVED,
    "removed": REMOVED,
    "foreign": {ENFORCE: "baseline"},
    "unrelated": {"team": "settlement"},
    "unrelated again": {"team": "ledger"},
}


def moment(at_ms: int) -> str:
    """A moment as registers and tasks write it."""
    return rfc3339(datetime.fromtimestamp(at_ms / 1000, UTC))


@dataclass
class Registers:
    """The four registers, each with the records of every target.

    Attributes:
        targets: what they are about, by namespace.
        owners: whose each namespace is.
        age_ms: how old their records are.
        mute: those that do not answer.
    """

    host: HostClock
    targets: dict[str, Target] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    age_ms: int = 0
    mute: set[str] = field(default_factory=set)

    def read(self, name: str) -> RawAnswer:
        now = self.host.read().at_ms
        if point("register") == "unanswered" or name in self.mute:
            return RawAnswer("unanswered", "not_readable", now)
        answers = [self._of_one(target, name) for target in self.targets.values()]
        records = [record for answer in answers for record in answer["records"]]
        records = records[:1] if name == "cluster_inventory" else records
        as_of = moment(TrueClock(self.host).read().at_ms - self.age_ms)
        document = {**answers[0], "as_of": as_of, "total": len(records), "records": records}
        return RawAnswer("answered", None, now, json.dumps(document).encode())

    def _of_one(self, target: Target, name: str) -> dict[str, Any]:
        answer = target.register(name)
        if name == "namespace_ownership":
            answer["records"][0]["owner_aliases"] = [self.owners[target.namespace]]
        return answer


class Acts(LittleWorld):
    """The acts by name; those with an answer change what the executor sees at that point.

    Attributes:
        clock: of the executor's machine.
        server: the API server.
        registers: the registers.
        in_flight: writes that left their executor and have not come to the server.
        audit_outcome: how the audit log answers.
        audit_complete: whether it says that nothing is missing.
        stranger: where an OPA with another policy answers.
    """

    clock: HostClock
    server: WatchedServer
    registers: Registers
    in_flight: list[Call]
    stranger: Path
    audit_outcome = "answered"
    audit_complete = True

    # --- the network, the sidecar ---

    def fail(self, outcome: Transport, delivered: bool, status: int | None) -> Fault:
        return Fault(outcome, delivered, status)

    def hold(self) -> str:
        return "hold"

    def deliver(self) -> None:
        """Whatever was held up comes to the server now."""
        while self.in_flight:
            self.server.handle(self.in_flight.pop(0))

    def other_opa(self) -> Path:
        return self.stranger

    def no_opa(self) -> Path:
        return self.stranger.with_name("nobody.sock")

    def no_register(self) -> str:
        return "unanswered"

    # --- the cluster ---

    def label(self, namespace: str, what: str) -> None:
        path, query = "/api/v1/namespaces/{name}", (("fieldManager", "kubectl-edit"),)
        body = {"metadata": {"labels": dict(VALUES[what])}}
        self.server.handle(Call("PATCH", path, {"name": namespace}, query, body), user="platform-team")

    def terminate(self, namespace: str) -> None:
        self.server.terminate(namespace)

    def recreate(self, namespace: str) -> None:
        """Tasks that are submitted from now on are about the new one."""
        uid = self.server.recreate(namespace)
        self.registers.targets[namespace] = replace(self.registers.targets[namespace], uid=uid)

    def audit(self, outcome: str, complete: bool) -> None:
        self.audit_outcome, self.audit_complete = outcome, complete

    # --- the registers ---

    def grant_waiver(self, namespace: str, status: str) -> None:
        scope = {"cluster_id": CLUSTER_ID, "namespace": namespace}
        waiver = {"id": "EXC-311", "status": status, "expiry": None, "scope": scope}
        self.registers.targets[namespace] = replace(self.registers.targets[namespace], waivers=(waiver,))

    def own(self, namespace: str, alias: str) -> None:
        self.registers.owners[namespace] = alias

    def age(self, milliseconds: int) -> None:
        self.registers.age_ms = milliseconds

    def mute(self, name: str) -> None:
        self.registers.mute.add(name)

    def unmute(self) -> None:
        self.registers.mute.clear()

    # --- the clocks ---

    def pass_time(self, milliseconds: int) -> None:
        self.clock.advance(milliseconds)

    def step(self, milliseconds: int) -> None:
        self.clock.step(milliseconds)

    # --- the people ---

    def pause(self) -> None:
        with self.open() as store:
            store.pauses.pause("maintenance", actor="platform-team")

    def unpause(self) -> None:
        with self.open() as store:
            store.pauses.unpause(actor="platform-team")

    def acknowledge(self) -> None:
        """Everything that is open."""
        with self.open() as store:
            for one in store.escalations.list("open"):
                store.escalations.acknowledge(one.id, actor="platform-team", note="seen")
