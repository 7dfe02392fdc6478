"""A namespace on the real API server, its registers, and runs of the shipped bundle in a real OPA.

A test changes one thing (a register, a label, the task, the world in the middle of the run) and states how the run
ends. Nothing of the product is replaced.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.postgresql.databases import DATABASES

from runbook_gate.clock import Clock, SystemClock
from runbook_gate.configuration import Settings
from runbook_gate.core.history import History
from runbook_gate.demo.stage import REGISTERS, REMOVED, Target, write
from runbook_gate.engine.narration import Silent
from runbook_gate.ledger import Finished, Store
from runbook_gate.localcluster import LocalCluster
from runbook_gate.localcluster.seeding import Seeder
from runbook_gate.models.decision import Decision
from runbook_gate.models.entry import Entry
from runbook_gate.models.task import Assurance, Submission
from runbook_gate.plan import plan_task
from runbook_gate.session import Session
from runbook_gate.stores import open_store
from runbook_gate.submission import read_task, submitted

Cue = Callable[[Entry], None]


@dataclass
class Director(Silent):
    """Changes the world at a moment of the run: cues by `decided:cp1`, `observed:gather`, `intended`, each once."""

    cues: dict[str, Cue] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)

    def observed(self, entry: Entry) -> None:
        self._play(f"observed:{entry.body['effect']}", entry)

    def decided(self, entry: Entry, decision: Decision) -> None:
        self._play(f"decided:{decision.checkpoint}:{decision.verdict}", entry)

    def intended(self, entry: Entry) -> None:
        self._play("intended", entry)

    def _play(self, moment: str, entry: Entry) -> None:
        self.seen.append(moment)
        cue = self.cues.pop(moment, None)
        if cue is not None:
            cue(entry)


class Theatre:
    """One target, one store, one task after the other.

    Attributes:
        identity: as whom the API server knows the executor.
        replayed: what becomes of the decisions when they are asked for again at the end.
    """

    identity = "runbook-gate"
    replayed: frozenset[str] = frozenset({"identical", "identical_elsewhere"})

    def __init__(self, folder: Path, cluster: LocalCluster, seeder: Seeder, namespace: str, settings: Settings) -> None:
        self.folder, self.cluster, self.seeder, self.namespace = folder, cluster, seeder, namespace
        self.target = Target(namespace, seeder.uid(namespace), seeder.uid("kube-system"))
        self.director = Director()
        self.clock: Clock = SystemClock()
        self.files = write(folder / "records", self.target, "unused")
        self.settings = settings.model_copy(
            update={
                "store": DATABASES.store(folder),
                "packet_dir": folder / "packets",
                "registers": {name: self.files[name] for name in REGISTERS},
            }
        )

    # --- the stage ---

    def state(self, **changes: Any) -> None:
        """Let the registers (and the next task) state something else: fields of `Target`."""
        self.target = replace(self.target, **changes)
        self.files = write(self.folder / "records", self.target, "unused")

    def register(self, name: str, change: Callable[[dict[str, Any]], None]) -> None:
        """Change one register's answer."""
        document = self.target.register(name)
        change(document)
        self.files[name].write_text(yaml.safe_dump(document), encoding="utf-8")

    def live(self, labels: Mapping[str, str | None]) -> None:
        """Set live labels as somebody else (field manager of the admin's client)."""
        self.seeder.label(self.namespace, labels)

    def labels(self) -> dict[str, str]:
        """Every live label, without the one that Kubernetes sets."""
        found = self.seeder.core.read_namespace(self.namespace).metadata.labels or {}
        return {key: value for key, value in found.items() if key != "kubernetes.io/metadata.name"}

    # --- the run ---

    def submit(
        self,
        task_id: str = "task-1",
        *,
        submitter: str = "ci-platform",
        assurance: Assurance = "claimed",
        **changes: Any,
    ) -> str:
        """Submit a task made from the target, with changed fields."""
        path = self.folder / f"{task_id}.yaml"
        path.write_text(yaml.safe_dump({**self.target.task(task_id), **changes}), encoding="utf-8")
        submission = Submission(submitter=submitter, assurance=assurance, submitted_ms=self.clock.read().at_ms)
        with self.store() as store:
            store.tasks.submit(submitted(read_task(path), submission))
        return task_id

    def run(self, task_id: str = "task-1", **settings: Any) -> Finished:
        """Carry the task out."""
        chosen = self.settings.model_copy(update=settings)
        with self.store() as store:
            return Session(chosen, store, self.director, clock=self.clock).run_task(task_id)

    def plan(self, task_id: str = "task-1") -> Decision:
        """What a run would do next, after cp0 and cp1 on live facts; nothing is written anywhere."""
        return plan_task(self.settings, task_id, Silent())

    def store(self) -> Store:
        """The ledger."""
        return open_store(self.settings, clock=self.clock)

    def file(self) -> Path:
        """The ledger's file; a test that looks into it, or harms it, is about ledgers in files."""
        if not isinstance(self.settings.store, Path):
            pytest.skip("about a ledger in a file")
        return self.settings.store

    # --- what came of it ---

    def history(self, run: str | None = None) -> History:
        """The newest run's entries."""
        with self.store() as store:
            return History(store.runs.entries(run or store.runs.list()[0].id))

    def codes(self, run: str | None = None) -> list[str]:
        """Codes of the newest decision, of the newest run if none is named."""
        decision = self.history(run).decision
        return list(decision.body["codes"]) if decision else []

    def asked(self) -> list[str]:
        """Each decision of the newest run as `cp1 proceed`."""
        return [f"{entry.checkpoint} {entry.body['verdict']}" for entry in self.history().decisions()]

    def way(self) -> list[str]:
        """The same without immediate repeats, such as waits and a go that lapsed on a busy machine."""
        asked = self.asked()
        return [decided for decided, before in zip(asked, [None, *asked], strict=False) if decided != before]

    def writes(self) -> list[dict[str, Any]]:
        """Audit events of the executor's real writes to the namespace, in order."""
        lines = self.cluster.server.audit_log.read_text().splitlines()
        events = (json.loads(line) for line in lines if self.namespace in line)
        return [
            event
            for event in events
            if event.get("user", {}).get("username") == self.identity
            and event.get("verb") in {"patch", "update", "delete"}
            and event.get("objectRef", {}).get("name") == self.namespace
            and "dryRun=All" not in event.get("requestURI", "")
        ]

    def packets(self) -> list[Path]:
        """Packets in the packet folder, as JSON files."""
        return sorted((self.folder / "packets").glob("*.json"))


def assert_completed(theatre: Theatre, finished: Finished, *, writes: int) -> None:
    """The run completed with so many writes, the tuple is there, and no packet was made."""
    assert finished.outcome == "complete", theatre.codes(finished.run)
    wanted = {key: value for key, value in theatre.target.labels.items() if value is not None}
    approved = {key: value for key, value in theatre.labels().items() if key in theatre.target.labels}
    assert approved == wanted
    assert len(theatre.writes()) == writes
    assert not theatre.packets()


def assert_escalated(theatre: Theatre, finished: Finished, *codes: str, origin: str, writes: int = 0) -> dict[str, Any]:
    """The run escalated at a checkpoint with exactly these codes, after so many writes, with one packet."""
    assert finished.outcome == "escalated"
    ended = theatre.history(finished.run).newest
    assert (ended.kind, ended.body["origin"]) == ("escalated", origin), (ended.body, theatre.codes())
    assert ended.body["codes"] == sorted(codes), ended.body["codes"]
    assert len(theatre.writes()) == writes
    with theatre.store() as store:
        made = store.escalations.list("all")
        assert [one.id for one in made if one.run == finished.run] == [finished.packet]
        assert [path.stem for path in theatre.packets()] == sorted(one.id for one in made)
        assert store.verify().result == "chain consistent"
    packet: dict[str, Any] = json.loads((theatre.folder / "packets" / f"{finished.packet}.json").read_text())
    return packet


__all__ = ["REMOVED", "Director", "Theatre", "assert_completed", "assert_escalated"]
