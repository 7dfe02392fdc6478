"""One run from where its ledger stands to where it ends or stops safely (design.md, the loop)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from runbook_gate.clock import Clock
from runbook_gate.core.continuation import (
    AskFirst,
    Conclude,
    Ended,
    GatherAgain,
    Repeat,
    Resolve,
    continuation,
)
from runbook_gate.core.history import History
from runbook_gate.engine.acting import Actor
from runbook_gate.engine.asking import Answered, Asker
from runbook_gate.engine.concluding import conclude, conclude_without_decision
from runbook_gate.engine.journal import Journal
from runbook_gate.engine.narration import Narrator
from runbook_gate.errors import LedgerBroken, NoDecision, Parked, Stopped
from runbook_gate.gate.client import Gate
from runbook_gate.ledger import Draft, Finished
from runbook_gate.models.decision import Checkpoint, Decision
from runbook_gate.models.entry import Entry
from runbook_gate.models.runbook import Pins

LONGEST_WAIT_MS = 90_000
LAPSED_MS = 1_000
_SLICE_S = 0.2


class Run:
    """Carries one run forward.

    Args:
        journal: the run's ledger, under a lease.
        gate: who decides.
        actor: who acts.
        clock: wall and boot time.
        narrator: who is told.
        stopping: asked between steps and while waiting; true ends the process safely.
        awaiting: makes a block for what only awaits an answer; it may raise out of it to give the answer up.
        measure: the pins with what is known of the OPA that answers now.
    """

    def __init__(
        self,
        journal: Journal,
        gate: Gate,
        actor: Actor,
        clock: Clock,
        narrator: Narrator,
        *,
        stopping: Callable[[], bool] = lambda: False,
        awaiting: Callable[[], AbstractContextManager[None]] = nullcontext,
        measure: Callable[[Pins], Pins] = lambda pins: pins,
    ) -> None:
        self._journal, self._actor, self._clock, self._narrator = journal, actor, clock, narrator
        self._stopping, self._awaiting = stopping, awaiting
        self._asker = Asker(journal, gate, admit=actor.admit, intend=self._intend, awaiting=awaiting, measure=measure)

    def go(self) -> Finished:
        """Go on until the run ends.

        Returns:
            The completion record or the escalation.

        Raises:
            NoDecision: the gate gave no answer that may be acted on; the run stays resumable.
            Stopped: asked to stop, or the wait is too long for a process; the run stays resumable.
        """
        self._narrator.opened(self._journal.history.newest)
        self._tell_kept_back()
        checkpoint = self._resume()
        while checkpoint is not None:
            checkpoint = self._advance(checkpoint)
        return self._finished

    def _resume(self) -> Checkpoint | None:
        match continuation(self._journal.history):
            case AskFirst():
                return "cp0"
            case Resolve():
                self._observe("resolve_write", self._actor.resolving(self._journal.history), "cp2")
                return "cp2"
            case GatherAgain(params):
                self._observe("gather", params, "cp1")
                return "cp1"
            case Repeat(action, params, until_ms, checkpoint):
                self._wait(until_ms)
                self._observe(action, params, checkpoint)
                return checkpoint
            case Conclude():
                self._end()
                return None
            case Ended():
                # Another process ended it between this one's lease and its first look: then the lease is lost.
                self._journal.renew(self._clock.read())
                raise LedgerBroken("The run has its last entry, and is still held as active.")

    def _advance(self, checkpoint: Checkpoint) -> Checkpoint | None:
        self._pause_point()
        answered = self._ask(checkpoint)
        if answered is None:
            return None
        self._narrator.decided(answered.entry, answered.decision)
        following = answered.decision.next
        if following.checkpoint is None:
            self._end()
            return None
        history = self._journal.history
        if history.opened.routing.effects[following.action] == "write":
            return self._write()
        self._wait(following.until_ms)
        self._observe(following.action, following.params, following.checkpoint)
        return following.checkpoint

    def _ask(self, checkpoint: Checkpoint) -> Answered | None:
        try:
            return self._asker.ask(checkpoint)
        except NoDecision as refused:
            self._narrator.refused(refused)
            now_ms = self._clock.read().at_ms
            if now_ms < self._journal.history.opened.deadline_ms:
                raise
            self._finished = conclude_without_decision(self._journal, checkpoint, now_ms)
            self._tell_end()
            return None

    def _intend(self, history: History, decision: Decision, recorded: Entry) -> Draft | None:
        """No write begins once the process was asked to stop: its go lapses."""
        return None if self._stopping() else self._actor.intend(history, decision, recorded)

    def _write(self) -> Checkpoint:
        history = self._journal.history
        if history.newest.kind != "intent":
            # What was decided on is not of this moment: the go lapses, and is asked for again with fresh facts.
            self._wait(history.newest.at_ms + LAPSED_MS)
            self._observe("gather", history.params_of("gather") or {}, "cp1")
            return "cp1"
        intent = history.newest
        self._narrator.intended(intent)
        self._tell_kept_back()
        with self._awaiting():
            body = self._actor.write(history, intent)
        entry = self._journal.observe(body, step=intent.step, checkpoint="cp2", attempt=intent.attempt)
        self._narrator.observed(entry)
        self._observe("resolve_write", self._actor.resolving(self._journal.history), "cp2")
        return "cp2"

    def _observe(self, action: str, params: dict[str, Any], checkpoint: Checkpoint) -> None:
        self._pause_point()
        with self._awaiting():
            body = self._actor.read(self._journal.history, action, params)
        entry = self._journal.observe(body, step=self._journal.history.step, checkpoint=checkpoint)
        self._narrator.observed(entry)

    def _wait(self, until_ms: int | None) -> None:
        if until_ms is None or self._left_ms(until_ms) <= 0:
            return
        if self._left_ms(until_ms) > LONGEST_WAIT_MS:
            raise Parked(until_ms)
        self._narrator.waiting(until_ms)
        while (left_ms := self._left_ms(until_ms)) > 0:
            self._pause_point()
            self._clock.sleep(min(left_ms / 1000, _SLICE_S))

    def _left_ms(self, until_ms: int) -> int:
        """By CLOCK_BOOTTIME since the wait was decided, so that a step of the wall clock neither cuts nor stretches it.

        After a reboot only the wall clock is left; what is waited for is never longer than was decided.
        """
        now, decided = self._clock.read(), self._journal.history.decision or self._journal.history.newest
        whole_ms = until_ms - decided.at_ms
        if now.boot_id != decided.boot_id:
            return min(until_ms - now.at_ms, whole_ms)
        return whole_ms - (now.boottime_ms - decided.boottime_ms)

    def _pause_point(self) -> None:
        if self._stopping():
            raise Stopped("Asked to stop; the run stands at a safe point.")
        self._journal.renew(self._clock.read())

    def _end(self) -> None:
        self._finished = conclude(self._journal)
        self._tell_end()

    def _tell_end(self) -> None:
        self._narrator.ended(self._journal.history.newest, self._finished.packet)
        self._tell_kept_back()

    def _tell_kept_back(self) -> None:
        if self._journal.heads.problem:
            self._narrator.kept_back(self._journal.heads.problem)
