"""What a run of a task would do, told without doing it."""

from __future__ import annotations

from functools import partial

from runbook_gate.clock import SystemClock
from runbook_gate.configuration import Settings
from runbook_gate.effects.registry import EFFECTS
from runbook_gate.engine.acting import Actor
from runbook_gate.engine.heads import Heads
from runbook_gate.engine.journal import Journal
from runbook_gate.engine.narration import Narrator
from runbook_gate.engine.planning import plan
from runbook_gate.errors import UsageFault
from runbook_gate.ledger import Store
from runbook_gate.models.decision import Decision
from runbook_gate.serving import read_bundle, serving
from runbook_gate.session import Session
from runbook_gate.stores import open_store, program
from runbook_gate.surroundings import surroundings


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
        nowhere = {"heads_file": None, "termination_message": None}  # the head of a plan is nobody's
        quiet = settings.model_copy(update=nowhere)
        session = Session(quiet, memory, narrator, clock=clock)
        if real.tasks.status(task_id).state != "queued":
            raise UsageFault(
                f"Task {task_id} is not queued; a plan is of a run that has not begun.",
                advice=f"See what its run did: runbook-gate show {task_id}.",
            )
        task = real.tasks.get(task_id)
        memory.tasks.submit(task)
        lease = session.open(task_id, bundle, served, facts=real.facts)
        journal = Journal(memory, lease, Heads(None))
        key = journal.history.opened.target_key
        actor = Actor(
            EFFECTS, surroundings(settings.of_cluster(task.cluster_id), clock, partial(real.facts, key)), clock
        )
        return plan(journal, served.gate, actor, narrator)
