"""What a run would do: cp0 and cp1 on live facts, with a ledger in memory and nothing written anywhere."""

from __future__ import annotations

from runbook_gate.engine.acting import Actor
from runbook_gate.engine.asking import Asker
from runbook_gate.engine.journal import Journal
from runbook_gate.engine.narration import Narrator
from runbook_gate.gate.client import Gate
from runbook_gate.models.decision import Decision


def plan(journal: Journal, gate: Gate, actor: Actor, narrator: Narrator) -> Decision:
    """Ask cp0 and, if it lets the run pass, cp1.

    Args:
        journal: a run on a store in memory.
        gate: who decides.
        actor: gathers, which includes the dry run of the PATCH.
        narrator: who is told.

    Returns:
        The last decision; if it asks for a write, its params are what would be written.

    Raises:
        NoDecision: the gate gave no answer that may be acted on.
    """
    asker = Asker(journal, gate, admit=actor.admit, intend=lambda _history, _decision, _recorded: None)
    intake = asker.ask("cp0")
    narrator.decided(intake.entry, intake.decision)
    following = intake.decision.next
    if following.checkpoint is None:
        return intake.decision
    body = actor.read(journal.history, following.action, following.params)
    narrator.observed(journal.observe(body, step=journal.history.step, checkpoint=following.checkpoint))
    answered = asker.ask(following.checkpoint)
    narrator.decided(answered.entry, answered.decision)
    return answered.decision
