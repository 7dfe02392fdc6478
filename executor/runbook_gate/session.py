"""Wires configuration to parts: store, bundle, sidecar, effects, and one run after the other."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any

from runbook_gate.clock import Clock, SystemClock
from runbook_gate.configuration import Settings
from runbook_gate.core.continuation import Conclude, continuation
from runbook_gate.delivery import deliver
from runbook_gate.effects.protocol import Effect
from runbook_gate.effects.registry import EFFECTS
from runbook_gate.engine.acting import Actor, World
from runbook_gate.engine.concluding import conclude, conclude_without_decision
from runbook_gate.engine.heads import Heads
from runbook_gate.engine.journal import Journal
from runbook_gate.engine.loop import Run
from runbook_gate.engine.narration import Narrator
from runbook_gate.engine.opening import open_run, target_key
from runbook_gate.errors import EntriesLost, LeaseLost, LedgerUnwritable, SidecarFault, Stopped, UsageFault
from runbook_gate.gate.bundle import Bundle
from runbook_gate.gate.client import Gate
from runbook_gate.holding import BACKOFF_MS, Unreleased, held
from runbook_gate.ledger import Finished, Lease, Store
from runbook_gate.models.ledger_facts import LedgerFacts
from runbook_gate.pinning import governing, repin
from runbook_gate.policies import Anew, Heeding, Policies
from runbook_gate.serving import Serving
from runbook_gate.surroundings import surroundings


class Session:
    """Runs tasks with one configuration.

    Attributes:
        holder: as whom it holds runs and claims tasks.
        policies: what decides.
        unreleased: leases that it could not release.

    Args:
        settings: the configuration.
        store: the ledger.
        narrator: who is told.
        clock: wall and boot time.
        stopping: true asks the process to end at the next safe point.
        awaiting: makes a block for what only awaits an answer; it may raise out of it to give the answer up.
        world: makes what effects work with.
        gate: what a run asks, given who answers.
        effects: what it can do, by the action that asks for it.
        policies: where bundle and sidecar come from; default: made anew for each run.
        heads: where heads are brought to, of several sessions at once; default: as configured, for this one alone.
    """

    def __init__(
        self,
        settings: Settings,
        store: Store,
        narrator: Narrator,
        *,
        clock: Clock | None = None,
        stopping: Callable[[], bool] = lambda: False,
        awaiting: Callable[[], AbstractContextManager[None]] = nullcontext,
        world: Callable[[Settings, Clock, Callable[[Iterable[str]], LedgerFacts]], World] = surroundings,
        gate: Callable[[Gate], Gate] = lambda gate: gate,
        effects: Mapping[str, Effect[Any, Any]] = EFFECTS,
        policies: Policies | None = None,
        heads: Heads | None = None,
    ) -> None:
        self.settings, self.store, self._narrator = settings, store, narrator
        self.clock, self._stopping, self._world = clock or SystemClock(), stopping, world
        self._awaiting, self._effects, self._gate, self.unreleased = awaiting, effects, gate, Unreleased()
        self.policies = Heeding(policies or Anew(settings), self.check_stopping, awaiting)
        self._heads = heads or Heads(settings.heads_file, settings.termination_message)
        store.heed(stopping)
        self.holder = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"

    def check_stopping(self) -> None:
        """Between two runs.

        Raises:
            Stopped: the process was asked to end.
        """
        if self._stopping():
            raise Stopped("Asked to stop, between two runs.")

    def run_task(self, task_id: str) -> Finished:
        """Carry out one task to its end, from wherever its ledger stands.

        Returns:
            The completion or escalation; of a finished task the stored one.

        Raises:
            UsageFault: the task was withdrawn.
            HeldElsewhere: another run or process holds the target.
            Stopped: the run can be resumed.
        """
        status = self.store.tasks.status(task_id)
        if status.state == "finished":
            stored = self.store.runs.result(task_id)
            if stored is None:
                raise UsageFault(f"Task {task_id} was withdrawn.", advice="Submit it again with an id of its own.")
            if self._heads.configured:
                self._heads.publish(self.store.runs.entries(stored.run)[-1])
            return self._delivered(stored)
        return self._begin(task_id) if status.run is None else self._go_on(status.run)

    def open(
        self, task_id: str, bundle: Bundle, served: Serving, *, facts: Callable[[str], LedgerFacts] | None = None
    ) -> Lease:
        """Open a run for a queued task and hold it.

        Args:
            task_id: the task.
            bundle: what decides.
            served: the sidecar that serves it.
            facts: reads the source `ledger` for a target; default: this session's store.
        """
        with self.policies.answer():
            pins = served.pins(bundle, served=True)
        return open_run(
            self.store,
            self.store.tasks.get(task_id),
            bundle=bundle,
            pins=pins,
            holder=self.holder,
            clock=self.clock,
            facts=facts or self.store.facts,
        )

    def _begin(self, task_id: str) -> Finished:
        """Open a run for a queued task; whatever is missing is found before anything is recorded."""
        given = self.policies.given()
        task = self.store.tasks.get(task_id)
        self.store.runs.require_free(target_key(given, task))
        self._world(self.settings.of_cluster(task.cluster_id), self.clock, partial(self.store.facts, ""))
        self._heads.check()
        try:
            with self.policies.serving(given) as served:
                granted = self.clock.read()
                lease = self.open(task_id, given, served)
                with held(self.store, lease, self.clock, self.unreleased):
                    return self._carry(Journal(self.store, lease, self._heads, granted), served)
        except SidecarFault:
            if self.store.tasks.status(task_id).run is None:
                self.store.tasks.defer(task_id, self.clock.read().at_ms + BACKOFF_MS)
            raise

    def _go_on(self, run: str) -> Finished:
        """Take up an active run. One whose end is decided needs no gate; one past its deadline ends without it."""
        granted = self.clock.read()
        lease = self.store.leases.acquire(run, self.holder)
        with held(self.store, lease, self.clock, self.unreleased):
            journal = Journal(self.store, lease, self._heads, granted)
            if isinstance(continuation(journal.history), Conclude):
                return self._delivered(conclude(journal))
            try:
                given = self.policies.given()
                with self.policies.serving(governing(self.store, journal.history, given)) as served:
                    repin(self.store, journal, given, served, self.policies.answer)
                    return self._carry(journal, served)
            except (EntriesLost, LeaseLost, LedgerUnwritable):
                raise
            except Exception as fault:
                self.check_stopping()
                now_ms = self.clock.read().at_ms
                if now_ms < journal.history.opened.deadline_ms or journal.history.end:
                    raise
                checkpoint = journal.history.newest.checkpoint or "cp0"
                return self._delivered(conclude_without_decision(journal, checkpoint, now_ms, fault))

    def _carry(self, journal: Journal, served: Serving) -> Finished:
        history = journal.history
        facts = partial(self.store.facts, history.opened.target_key, run=journal.lease.run)
        settings = self.settings.of_cluster(history.opened.task.cluster_id)
        actor = Actor(self._effects, self._world(settings, self.clock, facts), self.clock)
        run = Run(
            journal,
            self._gate(served.gate),
            actor,
            self.clock,
            self._narrator,
            stopping=self._stopping,
            awaiting=self._awaiting,
            measure=served.measured,
        )
        return self._delivered(run.go())

    def _delivered(self, finished: Finished) -> Finished:
        """A packet is delivered at least once under its id: again whenever the task is asked for. So is its head."""
        deliver(self.store, finished.packet, self.settings.packet_dir)
        self._heads.settle()
        return finished
