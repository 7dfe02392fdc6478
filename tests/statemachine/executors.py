"""Starts executors in a restless world, looks at how each ends, and brings all to their ends."""

from __future__ import annotations

import traceback
from collections import Counter
from collections.abc import Callable

from tests.statemachine.process import Incident, Process, point
from tests.statemachine.watched import WatchedNarrator, WatchedSession
from tests.statemachine.world import RestlessWorld

from runbook_gate.errors import HeldElsewhere, Stopped
from runbook_gate.ledger import Finished
from runbook_gate.queue import Progress, run_next
from runbook_gate.session import Session

# A run that only waits is stopped after so many questions: it would wait until its deadline.
QUESTIONS = 14


class Executors:
    """The executors of a world.

    Args:
        world: the world.
        session: how one of them runs tasks.

    Attributes:
        processes: those that were started, in order.
        wrong: what one of them did that it must not do.
        outcomes: how often they ended how.
    """

    def __init__(self, world: RestlessWorld, session: type[Session] = WatchedSession) -> None:
        self.world, self._session = world, session
        self.processes, self.wrong, self.outcomes = list[Process](), list[str](), Counter[str]()

    def start(self, task_id: str, *incidents: Incident, policy: str = "shipped", questions: int = QUESTIONS) -> Process:
        """Start an executor for a task and let it go until it ends or is held."""
        process = self._new(lambda session: session.run_task(task_id), incidents, policy, questions)
        foreseen = not incidents and policy != "gone"
        held = foreseen and self.world.tables.held(task_id)
        self.let_go(process)
        if foreseen and held != isinstance(process.fault, HeldElsewhere):
            self.wrong.append(f"{task_id} was {'' if held else 'not '}held, and came to {outcome_of(process)}")
        return process

    def start_next(self, *incidents: Incident, policy: str = "shipped", questions: int = QUESTIONS) -> Process:
        """Start an executor for the queue and let it go until it ends or is held."""
        process = self._new(run_next, incidents, policy, questions)
        self.let_go(process)
        return process

    def let_go(self, process: Process) -> None:
        """Let a new or a held process go on. One whose run was taken over meanwhile records nothing any more."""
        lost = [lease for lease in process.leases if self.world.tables.newest_lease(lease[0]) > lease[1]]
        before = self.world.tables.appended(lost)
        process.go()
        if self.world.tables.appended(lost) != before:
            self.wrong.append(f"a process appended under a lease that it had lost: {lost}")
        self.outcomes[outcome_of(process)] += 1
        withdrawn = str(process.fault) in {f"Task {task_id} was withdrawn." for task_id in self.world.withdrawn}
        foreseen = isinstance(process.fault, Stopped | HeldElsewhere | None) or withdrawn
        if process.state == "ended" and not foreseen:
            self.wrong.append("".join(traceback.format_exception(process.fault)))

    @property
    def paused(self) -> list[Process]:
        """Those that can go on."""
        return [process for process in self.processes if process.state == "paused"]

    def reboot(self) -> None:
        """Start the machine again: no process is left."""
        self.kill()
        self.world.clock.reboot()

    def kill(self) -> None:
        """Kill those that can go on."""
        for process in self.paused:
            process.kill()

    def finish(self) -> None:
        """Let all that are held go on, mend everything, and run every task to its end and its packet to its place."""
        for process in self.paused:
            process.incidents.clear()
            self.let_go(process)
        self.world.mend()
        for _ in range(100):
            if not self.world.unfinished():
                break
            self.start_next(questions=1000)
            self.world.clock.advance(30_000)
        for task_id in self.world.tasks:
            self.start(task_id)
        self.world.deliver()

    def _new(
        self, work: Callable[[Session], object], incidents: tuple[Incident, ...], policy: str, questions: int
    ) -> Process:
        world = self.world

        def body(process: Process) -> object:
            def stopping() -> bool:
                point("stopping within" if process.within else "stopping")
                return process.stopping or process.passed["ask"] > questions

            with world.open() as store:
                settings, narrator = world.configured(policy), WatchedNarrator()
                return work(
                    self._session(settings, store, narrator, clock=world.clock, stopping=stopping, world=world.around)
                )

        process = Process(body, world.perform, incidents)
        self.processes.append(process)
        return process


def outcome_of(process: Process) -> str:
    """How a process ended, in a word or two."""
    if process.state != "ended":
        return process.state
    if process.fault is not None:
        return type(process.fault).__name__
    finished = process.result.taken if isinstance(process.result, Progress) else process.result
    return finished.outcome if isinstance(finished, Finished) else "idle"
