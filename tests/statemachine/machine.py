"""Everything in any order: tasks, executors, their deaths and delays, and what others do meanwhile."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from tests.statemachine.acts import VALUES
from tests.statemachine.executors import Executors
from tests.statemachine.incidents import Act, acts, around_the_write, incidents, namespaces, pauses, unknown
from tests.statemachine.process import Incident
from tests.statemachine.promise import breaches
from tests.statemachine.tally import Tally
from tests.statemachine.watched import WatchedSession
from tests.statemachine.world import Policy, RestlessWorld

from runbook_gate.session import Session

MOST_TASKS = 10
policies = st.sampled_from(("shipped", "shipped", "shipped", "stranger", "gone"))
seldom_not = st.sampled_from((True,) * 7 + (False,))
later = st.sampled_from((0, 1_000, 31_000, 61_000))
lasting = st.sampled_from((28_800_000, 28_800_000, 200_000, 30_000))
Acts = list[Act]
some_acts = st.lists(acts, max_size=2)
doubts = st.one_of(around_the_write, unknown)
THEN = ("", "removed", *VALUES)
maybe = st.one_of(st.just(()), incidents)
runbooks = st.sampled_from(("MKS-PSA-Label-Restore-v3",) * 7 + ("MKS-PSA-Label-Restore-v2",))


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

    @precondition(lambda self: self.world.submitted < MOST_TASKS)
    @rule(namespace=namespaces, until_ms=lasting, runbook=runbooks, as_seen=st.booleans(), calm=seldom_not)
    def submit(self, namespace: str, until_ms: int, runbook: str, as_seen: bool, calm: bool) -> None:
        self.told("submit")
        if calm:
            self.world.acknowledge()
        self.world.ask_for(namespace, until_ms=until_ms, as_seen=as_seen, runbook=runbook)

    @precondition(lambda self: self.world.submitted < MOST_TASKS)
    @rule(namespace=namespaces, happening=incidents, until_ms=lasting)
    def repair(self, namespace: str, happening: tuple[Incident, ...], until_ms: int) -> None:
        self.told("repair")
        self.executors.start(self._wanted(namespace, until_ms), *happening)

    @precondition(lambda self: self.world.submitted < MOST_TASKS)
    @rule(namespace=namespaces, first=doubts, then=st.sampled_from(THEN), second=maybe, later_ms=later)
    def repair_in_doubt(
        self, namespace: str, first: Incident, then: str, second: tuple[Incident, ...], later_ms: int
    ) -> None:
        """Something happens to the write, and somebody writes too; whoever goes on has troubles of its own."""
        self.told("repair_in_doubt")
        task_id = self._wanted(namespace)
        somebody = Incident("written", 1, "label", (namespace, then))
        self.executors.start(task_id, first, *([somebody] if then else []))
        self.world.pass_time(later_ms)
        self.executors.start(task_id, *second)

    @precondition(lambda self: self.world.submitted < MOST_TASKS)
    @rule(namespace=namespaces, where=pauses, meanwhile=some_acts, second=maybe, then=some_acts)
    def repair_twice(
        self, namespace: str, where: Incident, meanwhile: Acts, second: tuple[Incident, ...], then: Acts
    ) -> None:
        """The first executor is held somewhere, a second one takes its run over, and then the first one goes on."""
        self.told("repair_twice")
        task_id = self._wanted(namespace)
        first = self.executors.start(task_id, where)
        self._perform(meanwhile)
        self.executors.start(task_id)
        self.world.pass_time(61_000)
        self.executors.start(task_id, *second)
        self._perform(then)
        if first.state == "paused":
            self.executors.let_go(first)

    def _wanted(self, namespace: str, until_ms: int = 28_800_000) -> str:
        """All is well but for the labels, and somebody asks for them."""
        self.world.mend()
        self.world.pass_time(61_000)
        while self.world.unfinished():
            self.executors.start_next()
            self.world.pass_time(30_000)
        self.world.acknowledge()
        self.world.label(namespace, "removed")
        return self.world.ask_for(namespace, until_ms=until_ms)

    def _perform(self, acts: Acts) -> None:
        for act in acts:
            self.world.perform(*act)

    # --- executors ---

    @precondition(lambda self: self.world.tasks)
    @rule(data=st.data(), happening=maybe, policy=policies, later_ms=later)
    def run(self, data: st.DataObject, happening: tuple[Incident, ...], policy: str, later_ms: int) -> None:
        self.told("run")
        self.world.pass_time(later_ms)
        task_id = data.draw(st.sampled_from(self.world.unfinished() or self.world.tasks))
        self.executors.start(task_id, *happening, policy=policy)

    @precondition(lambda self: self.world.tasks)
    @rule(happening=maybe, policy=policies, later_ms=later)
    def run_next(self, happening: tuple[Incident, ...], policy: str, later_ms: int) -> None:
        self.told("run_next")
        self.world.pass_time(later_ms)
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
        for task_id in self.world.tables.tasks_of(runs):
            self.executors.start(task_id, *happening)

    # --- others ---

    @rule(act=st.one_of(acts, acts, st.sampled_from((("mend", ()), ("withdraw", ()), ("reboot", ())))))
    def others(self, act: Act) -> None:
        self.told("others")
        if act[0] == "reboot":
            self.executors.reboot()
        else:
            self.world.perform(*act)

    # --- the promise ---

    @invariant()
    def kept(self) -> None:
        self._look(ended=False)

    def teardown(self) -> None:
        try:
            if not self.failed:
                self.executors.finish()
                self._look(ended=True)
                self.tally.add(self.executors)
        finally:
            self.executors.kill()
            self._kept.cleanup()

    def _look(self, *, ended: bool) -> None:
        self.failed = True
        found = breaches(self.executors, ended=ended)
        assert found == [], "\n".join(found)
        self.failed = False
