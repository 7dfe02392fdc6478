"""A cluster in memory and a store that can be kept as a dying process leaves them, and put back."""

from __future__ import annotations

import copy
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.crash.kept import kept_at
from tests.crash.points import Points
from tests.crash.watched import WatchedSession, watched_process, watched_world
from tests.crash.watched_store import open_watched
from tests.fakes.cluster import FakeAuditLog, Fault
from tests.fakes.runs import LittleWorld
from tests.postgresql.databases import go_by

from runbook_gate.audit.protocol import AuditQuery
from runbook_gate.clock import Clock
from runbook_gate.cluster.calls import Call
from runbook_gate.configuration import Settings
from runbook_gate.demo.stage import REGISTERS
from runbook_gate.engine.acting import World
from runbook_gate.engine.narration import Narrator, Silent
from runbook_gate.ledger import Store
from runbook_gate.models.audit_answer import AuditAnswer
from runbook_gate.models.ledger_facts import LedgerFacts
from runbook_gate.session import Session

TASK, NAMESPACE = "task-1", "payments-one"
LASTING = ("heads", "packets/*")

Play = Callable[["CrashWorld"], Fault | None]


@dataclass(frozen=True)
class Remains:
    """What is left when a process dies at a point: the ledger, other files and the world.

    Attributes:
        point: where it died.
    """

    point: str
    ledger: dict[str, bytes]
    files: dict[str, bytes]
    namespaces: dict[str, Any]
    audit: tuple[dict[str, Any], ...]
    version: int
    plays: tuple[Play, ...]
    clock: tuple[int, int, int]

    def same(self) -> Hashable:
        """Equal where nothing that lasts differs. Of the audit log, reads are of no account to anybody."""
        told = tuple(event["auditID"] for event in self.audit if event["verb"] != "get")
        return (
            tuple(self.ledger.items()),
            tuple(self.files.items()),
            repr(self.namespaces),
            told,
            len(self.plays),
            self.clock,
        )


class PatientAuditLog(FakeAuditLog):
    """An audit log in which an event is looked for a while, as in files that the API server is writing."""

    def __init__(self, world: CrashWorld) -> None:
        super().__init__(world.server)
        self._world = world

    def lookup(self, query: AuditQuery) -> AuditAnswer:
        answer = super().lookup(query)
        if query.audit_ids - {event.audit_id for event in answer.events}:
            self._world.clock.advance(self._world.patience_ms)
        return answer


class CrashWorld(LittleWorld):
    """One task in memory, and what becomes of its writes.

    Attributes:
        plays: what happens to the next writes on the wire; when it is empty they are answered.
        points: meets every fault point of the runs.
        executor: what is started.
        patience_ms: how long an event is looked for that is not in the audit log.
    """

    executor = WatchedSession

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.settings = self.settings.model_copy(update={"heads_file": self.folder / "heads"})
        self.ledger = kept_at(self.settings.store)
        self.plays: list[Play] = []
        self.points = Points()
        self.patience_ms = 2_000
        self.fault = self._play

    def _play(self, call: Call) -> Fault | None:
        write = call.method == "PATCH" and ("dryRun", "All") not in call.query
        return self.plays.pop(0)(self) if write and self.plays else None

    # --- a process ---

    def open(self) -> Store:
        store = open_watched(self.settings, self.clock, self.points)
        return store if isinstance(self.settings.store, Path) else go_by(store, self.clock)

    def session(self, store: Store, task_id: str, narrator: Narrator | None = None) -> Session:
        registers = {name: self.folder / task_id / f"{name}.yaml" for name in REGISTERS}
        settings = self.settings.model_copy(update={"registers": registers})
        executor = self.executor(settings, store, narrator or Silent(), clock=self.clock, world=self._watched)
        return executor.watch(self.points)

    def _watched(self, settings: Settings, clock: Clock, facts: Callable[[Iterable[str]], LedgerFacts]) -> World:
        world = replace(self._world(settings, clock, facts), audit=PatientAuditLog(self))
        return watched_world(world, self.points)

    def dying(self) -> list[Remains]:
        """Run to the end, and keep what a crash at each point on the way would have left."""
        remains = list[Remains]()
        self.points = Points(lambda name: remains.append(self.keep(name)))
        try:
            with watched_process(self.points):
                self.run(TASK)
        finally:
            self.points = Points()
        return remains

    # --- what a crash leaves ---

    def keep(self, point: str) -> Remains:
        """What there would be if the process died now. What it holds in memory is not there."""
        found = sorted(path for pattern in LASTING for path in self.folder.glob(pattern))
        return Remains(
            point,
            self.ledger.keep(),
            {str(path.relative_to(self.folder)): path.read_bytes() for path in found},
            copy.deepcopy(self.server.namespaces),
            tuple(self.server.audit),
            self.server._version,
            tuple(self.plays),
            (self.clock.at_ms, self.clock.boottime_ms, self.clock.elapsed_ms),
        )

    def put_back(self, remains: Remains) -> None:
        """Let everything be as it was then."""
        self.ledger.put_back(remains.ledger)
        for pattern in LASTING:
            for path in self.folder.glob(pattern):
                path.unlink()
        for name, data in remains.files.items():
            (self.folder / name).parent.mkdir(exist_ok=True)
            (self.folder / name).write_bytes(data)
        self.server.namespaces = copy.deepcopy(remains.namespaces)
        self.server.audit, self.server._version = list(remains.audit), remains.version
        self.plays = list(remains.plays)
        self.clock.at_ms, self.clock.boottime_ms, self.clock.elapsed_ms = remains.clock
