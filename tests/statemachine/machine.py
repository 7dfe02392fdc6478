"""Everything in any order: tasks, executors, their deaths and delays, and what others do meanwhile."""

from __future__ import annotations

import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from tests.statemachine.executors import Executors
from tests.statemachine.incidents import acts, incidents, labels, namespaces
from tests.statemachine.process import Incident
from tests.statemachine.promise import breaches
from tests.statemachine.watched import WatchedSession
from tests.statemachine.world import Policy, RestlessWorld

from runbook_gate.session import Session

MOST_TASKS = 5
policies = st.sampled_from(("shipped", "shipped", "shipped", "stranger", "gone"))


@dataclass
class Tally:
    """What a whole test came to."""

    examples: int = 0
    rules: Counter[str] = field(default_factory=Counter)
    acts: Counter[str] = field(default_factory=Counter)
    processes: Counter[str] = field(default_factory=Counter)
    runs: Counter[str] = field(default_factory=Counter)
    writes: Counter[str] = field(default_factory=Counter)


class RestlessMachine(RuleBasedStateMachine):
    """One world. Subclasses name the policies and where it is.

    Attributes:
        folder: where each world has a folder of its own.
        shipped: the policy that decides.
        stranger: another one.
        session: how executors run tasks.
        tally: what all worlds came to.
    """

    folder: ClassVar[Path]
    shipped: ClassVar[Policy]
    stranger: ClassVar[Policy]
    session: ClassVar[type[Session]] = WatchedSession
    tally: ClassVar[Tally] = Tally()

    def __init__(self) -> None:
        super().__init__()
        self._kept = tempfile.TemporaryDirectory(dir=self.folder)
        self.world = RestlessWorld(Path(self._kept.name), self.shipped, self.stranger)
        self.executors = Executors(self.world, self.session)
        self.failed = True

    def told(self, name: str) -> None:
        """Count a rule."""
        self.failed = True
        self.tally.rules[name] += 1

    # --- tasks ---

    @precondition(lambda self: len(self.world.tasks) < MOST_TASKS)
    @rule(
        namespace=namespaces,
        until_ms=st.sampled_from((30_000, 200_000, 28_800_000)),
        runbook=st.sampled_from(("v3", "v3", "v3", "v3", "v2")),
        as_seen=st.booleans(),
    )
    def submit(self, namespace: str, until_ms: int, runbook: str, as_seen: bool) -> None:
        self.told("submit")
        changes: dict[str, Any] = {"runbook": f"MKS-PSA-Label-Restore-{runbook}"}
        self.world.ask_for(namespace, until_ms=until_ms, as_seen=as_seen, **changes)

    @precondition(lambda self: self.world.tasks)
    @rule(data=st.data())
    def withdraw(self, data: st.DataObject) -> None:
        self.told("withdraw")
        self.world.withdraw(data.draw(st.sampled_from(self.world.tasks[-1:])))

    # --- executors ---

    @precondition(lambda self: self.world.tasks)
    @rule(data=st.data(), happening=incidents, policy=policies)
    def run(self, data: st.DataObject, happening: tuple[Incident, ...], policy: str) -> None:
        self.told("run")
        self.executors.start(data.draw(st.sampled_from(self.world.tasks)), *happening, policy=policy)

    @precondition(lambda self: self.world.tasks)
    @rule(happening=incidents, policy=policies)
    def run_next(self, happening: tuple[Incident, ...], policy: str) -> None:
        self.told("run_next")
        self.executors.start_next(*happening, policy=policy)

    @precondition(lambda self: self.executors.paused)
    @rule(data=st.data())
    def let_go(self, data: st.DataObject) -> None:
        self.told("let_go")
        held = self.executors.paused
        self.executors.let_go(held[data.draw(st.integers(0, len(held) - 1))])

    @precondition(lambda self: self.executors.paused)
    @rule(data=st.data(), happening=incidents)
    def take_over(self, data: st.DataObject, happening: tuple[Incident, ...]) -> None:
        """A minute after the newest executor was held, another one takes its run."""
        self.told("take_over")
        self.world.pass_time(61_000)
        runs = [run for run, _ in self.executors.paused[-1].leases]
        for task_id in self.world.tasks_of(runs):
            self.executors.start(task_id, *happening)

    @rule()
    def reboot(self) -> None:
        self.told("reboot")
        self.executors.reboot()

    # --- others ---

    @rule(act=acts)
    def others(self, act: tuple[str, tuple[Any, ...]]) -> None:
        self.told("others")
        self.world.perform(*act)

    @rule(act=labels)
    def others_label(self, act: tuple[str, tuple[Any, ...]]) -> None:
        self.told("others_label")
        self.world.perform(*act)

    @rule()
    def mend(self) -> None:
        self.told("mend")
        self.world.mend()
        self.world.acknowledge()

    # --- the promise ---

    @invariant()
    def kept(self) -> None:
        self._look(ended=False)

    def teardown(self) -> None:
        try:
            if not self.failed:
                self.executors.finish()
                self._look(ended=True)
                self._count()
        finally:
            self.executors.kill()
            self._kept.cleanup()

    def _look(self, *, ended: bool) -> None:
        self.failed = True
        found = breaches(self.executors, ended=ended)
        assert found == [], "\n".join(found)
        self.failed = False

    def _count(self) -> None:
        tally = self.tally
        tally.examples += 1
        tally.acts += self.world.acted
        tally.processes += self.executors.outcomes
        with self.world.open() as store:
            for run in store.runs.list():
                entries = store.runs.entries(run.id)
                tally.runs[" ".join([entries[-1].kind, *entries[-1].body.get("codes", [])])] += 1
                tally.writes[f"{sum(entry.kind == 'intent' for entry in entries)} intents"] += 1
