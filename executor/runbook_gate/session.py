"""Wires configuration to parts: store, bundle, sidecar, effects, and one run after the other."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from runbook_gate import __version__
from runbook_gate.clock import Clock, SystemClock
from runbook_gate.configuration import Settings
from runbook_gate.core.history import History
from runbook_gate.delivery import deliver
from runbook_gate.effects.registry import EFFECTS
from runbook_gate.engine.acting import Actor
from runbook_gate.engine.concluding import conclude_without_decision
from runbook_gate.engine.heads import Heads
from runbook_gate.engine.journal import Journal
from runbook_gate.engine.loop import Run, TooLong
from runbook_gate.engine.narration import Narrator
from runbook_gate.engine.opening import open_run
from runbook_gate.engine.planning import plan
from runbook_gate.errors import HeldElsewhere, NoDecision, RunbookGateError, SidecarFault, Stopped, UsageFault
from runbook_gate.gate.bundle import Bundle
from runbook_gate.ledger import Draft, Finished, Lease, Store
from runbook_gate.models.bodies import RepinnedBody
from runbook_gate.models.decision import Decision
from runbook_gate.models.entry import Executor
from runbook_gate.models.observation import LedgerFacts
from runbook_gate.serving import Serving, read_bundle, serving
from runbook_gate.surroundings import surroundings

BACKOFF_MS = 30_000


def open_store(settings: Settings, *, clock: Clock, read_only: bool = False) -> Store:
    """Open the configured ledger."""
    return Store.open(settings.store, clock=clock, executor=program(settings), read_only=read_only)


def program(settings: Settings) -> Executor:
    """This program, as the ledger names it."""
    return Executor(version=__version__, configuration_sha256=settings.sha256)


class Session:
    """Runs tasks with one configuration.

    Args:
        settings: the configuration.
        store: the ledger.
        narrator: who is told.
        clock: wall and boot time.
        stopping: true asks the process to end at the next safe point.
    """

    def __init__(
        self,
        settings: Settings,
        store: Store,
        narrator: Narrator,
        *,
        clock: Clock | None = None,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self.settings, self.store, self._narrator = settings, store, narrator
        self.clock, self._stopping = clock or SystemClock(), stopping
        self._heads = Heads(settings.heads_file)
        self._holder = f"{socket.gethostname()}:{os.getpid()}"

    def run_task(self, task_id: str) -> Finished:
        """Carry out one task to its end, from wherever its ledger stands.

        Returns:
            The completion or escalation; of a finished task the stored one.

        Raises:
            UsageFault: the task was withdrawn.
            HeldElsewhere: another run or process holds the target.
            Stopped: the run can be resumed.
        """
        if (stored := self.store.runs.result(task_id)) is not None:
            return self._delivered(stored)
        status = self.store.tasks.status(task_id)
        if status.state == "finished":
            raise UsageFault(f"Task {task_id} was withdrawn.", advice="Submit it again with an id of its own.")
        given = read_bundle(self.settings)
        lease = self.store.leases.acquire(status.run, self._holder) if status.run else None
        try:
            with serving(self.settings, self._governing(lease, given)) as served:
                lease = lease or self.open(task_id, given, served)
                return self._delivered(self._carry(lease, given, served))
        except SidecarFault as fault:
            if lease is None or not self._overdue(lease):
                self._release(lease, fault)
                raise
            journal = Journal(self.store, lease, self._heads)
            checkpoint = journal.history.newest.checkpoint or "cp0"
            return self._delivered(conclude_without_decision(journal, checkpoint, self.clock.read().at_ms))
        except RunbookGateError as fault:
            self._release(lease, fault)
            raise

    def run_next(self) -> Finished | None:
        """Sweep runs past their deadline, then take the oldest due task.

        Returns:
            What the due task came to; None if nothing is due.
        """
        for late in self.store.runs.past_deadline():
            with suppress(HeldElsewhere, Stopped):
                self.run_task(late.task)
        for due in self.store.tasks.due():
            try:
                return self.run_task(due.id)
            except HeldElsewhere:
                continue
        return None

    def open(
        self,
        task_id: str,
        bundle: Bundle,
        served: Serving,
        *,
        facts: Callable[[str], LedgerFacts] | None = None,
    ) -> Lease:
        """Open a run for a queued task and hold it.

        Args:
            task_id: the task.
            bundle: what decides.
            served: the sidecar that serves it.
            facts: reads the source `ledger` for a target; default: this session's store.
        """
        return open_run(
            self.store,
            self.store.tasks.get(task_id),
            bundle=bundle,
            pins=served.pins(bundle),
            holder=self._holder,
            clock=self.clock,
            heads=self._heads,
            facts=facts or self.store.facts,
        )

    def _governing(self, lease: Lease | None, given: Bundle) -> Bundle:
        """The given bundle, or the pinned one from the evidence once a write was intended under it."""
        if lease is None:
            return given
        history = History(self.store.runs.entries(lease.run))
        if history.pins.content_sha256 == given.content_sha256 or not history.attempts_made():
            return given
        return Bundle.parse(self.store.evidence.get(history.pins.bundle_sha256), source="evidence")

    def _carry(self, lease: Lease, given: Bundle, served: Serving) -> Finished:
        journal = Journal(self.store, lease, self._heads)
        history = journal.history
        if history.pins.content_sha256 != given.content_sha256 and not history.attempts_made():
            body = RepinnedBody(pins=served.pins(given)).model_dump(mode="json")
            self.store.evidence.put(given.raw)
            journal.append(Draft(kind="repinned", body=body, checkpoint="cp0", step=history.opened.routing.steps[0]))
        world = surroundings(
            self.settings, self.clock, partial(self.store.facts, history.opened.target_key, run=lease.run)
        )
        actor = Actor(EFFECTS, world, self.clock)
        return Run(journal, served.gate, actor, self.clock, self._narrator, self._stopping).go()

    def _delivered(self, finished: Finished) -> Finished:
        """A packet is delivered at least once under its id: again whenever the task is asked for."""
        deliver(self.store, finished, self.settings.packet_dir)
        return finished

    def _overdue(self, lease: Lease) -> bool:
        return self.clock.read().at_ms >= self.store.runs.status(lease.run).deadline_ms

    def _release(self, lease: Lease | None, fault: RunbookGateError) -> None:
        if lease is not None:
            self.store.leases.release(lease, not_before_ms=self._not_before(fault))

    def _not_before(self, fault: RunbookGateError) -> int | None:
        if isinstance(fault, TooLong):
            return fault.until_ms
        backs_off = isinstance(fault, NoDecision | SidecarFault)
        return self.clock.read().at_ms + BACKOFF_MS if backs_off else None


def plan_task(settings: Settings, task_id: str, narrator: Narrator) -> Decision:
    """What a run of a task would do, with a ledger in memory: no run, lease, packet or write.

    Raises:
        UnknownRecord: no such task.
        NoDecision: the gate gave no answer that may be acted on.
    """
    clock, bundle = SystemClock(), read_bundle(settings)
    with (
        open_store(settings, clock=clock, read_only=True) as real,
        Store.in_memory(clock=clock, executor=program(settings)) as memory,
        serving(settings, bundle) as served,
    ):
        quiet = settings.model_copy(update={"heads_file": None})  # the head of a plan is nobody's
        session = Session(quiet, memory, narrator, clock=clock)
        memory.tasks.submit(real.tasks.get(task_id))
        lease = session.open(task_id, bundle, served, facts=real.facts)
        journal = Journal(memory, lease, Heads(None))
        key = journal.history.opened.target_key
        actor = Actor(EFFECTS, surroundings(settings, clock, partial(real.facts, key)), clock)
        return plan(journal, served.gate, actor, narrator)
