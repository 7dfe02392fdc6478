"""Ways that a run takes, and how it may end there after any crash."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tests.crash.worlds import NAMESPACE, TASK, CrashWorld, Play
from tests.fakes.cluster import Fault

from runbook_gate.cluster.calls import Call
from runbook_gate.demo.stage import CLUSTER_ID, PREFIX

NOBODY, EXECUTOR, PERSON = "nobody", "runbook-gate", "platform-team"
ANOTHER: Final = {f"{PREFIX}enforce": "baseline"}
COMPLETE: Final = "complete"
SPENT: Final = "escalated at cp2: retry_eligibility.budget_spent"
FOREIGN: Final = "escalated at cp2: drift_agreement.foreign_value"
WAIVED: Final = "escalated at cp1: waiver_absence.open_waiver"


@dataclass(frozen=True)
class Way:
    """One way of the run.

    Attributes:
        ends: the one right end, by who changed the namespace last: the executor, a person or nobody. Without a crash
            it is the first.
        plays: what happens to the writes on the wire, in order.
        prepare: sets the stage.
    """

    ends: Mapping[str, str]
    plays: tuple[Play, ...] = ()
    prepare: Callable[[CrashWorld], None] = lambda world: None


def lost_before_delivery(world: CrashWorld) -> Fault:
    """The API server never sees the write."""
    return Fault("lost")


def applied_and_504(world: CrashWorld) -> Fault:
    """The API server carries the write out, and says that it took too long."""
    return Fault("answered", delivered=True, status=504)


def person_first(world: CrashWorld) -> None:
    """A person sets another value just before the write arrives."""
    body = {"metadata": {"labels": ANOTHER}}
    manager = (("fieldManager", "kubectl-label"),)
    world.server.handle(Call("PATCH", "/api/v1/namespaces/{name}", {"name": NAMESPACE}, manager, body), PERSON)


def waived(world: CrashWorld) -> None:
    """The platform keeps an open waiver for the namespace."""
    world.waive(TASK, waiver(NAMESPACE))


def waiver(namespace: str) -> dict[str, Any]:
    """An open one."""
    return {"id": "EXC-311", "status": "open", "scope": {"cluster_id": CLUSTER_ID, "namespace": namespace}}


# Two attempts of which neither reached the namespace are all there may be.
_RESTORES: Final = {EXECUTOR: COMPLETE, NOBODY: SPENT}

WAYS: Final[dict[str, Way]] = {
    "happy path": Way(_RESTORES),
    "first write lost": Way(_RESTORES, (lost_before_delivery,)),
    "504 but applied": Way(_RESTORES, (applied_and_504,)),
    "foreign writer": Way({PERSON: FOREIGN, NOBODY: SPENT}, (person_first,)),
    "open waiver": Way({NOBODY: WAIVED}, prepare=waived),
}
