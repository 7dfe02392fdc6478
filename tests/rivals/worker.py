"""A process that takes tasks from the queue until there is none left, as `run --next` in a loop does."""

from __future__ import annotations

import time
from pathlib import Path

from runbook_gate.clock import SystemClock
from runbook_gate.configuration import Settings
from runbook_gate.engine.narration import Silent
from runbook_gate.errors import HeldElsewhere
from runbook_gate.queue import run_next
from runbook_gate.session import Session
from runbook_gate.stores import open_store


def work(settings: Settings, heads: Path, moment: float) -> list[str]:
    """Start at a moment, and work until every task has ended.

    Returns:
        The tasks that this process brought to their end.
    """
    time.sleep(max(0.0, moment - time.time()))
    clock, taken = SystemClock(), list[str]()
    with open_store(settings, clock=clock) as store:
        session = Session(settings.model_copy(update={"heads_file": heads}), store, Silent(), clock=clock)
        while any(task.state != "finished" for task in store.tasks.list(limit=1000)):
            try:
                progress = run_next(session)
            except HeldElsewhere:
                continue
            if progress.taken is None:
                time.sleep(0.1)  # the others hold what is left, or it is not due yet
            else:
                taken.append(progress.taken.task)
    return taken
