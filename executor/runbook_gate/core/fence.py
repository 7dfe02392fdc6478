"""What the executor refuses to do whatever the gate says (design.md, the decision contract, 5).

- The action is one that the run's own copy of the runbook allows at this checkpoint.
- A write only follows a `proceed` of cp1 and leads to cp2; nothing else leads to a write.
- Only a wait has a moment to wait for, and it is not after the deadline.
- The rest of an effect's fence lies in the effect's own file.
"""

from __future__ import annotations

from typing import NoReturn

from runbook_gate.core.history import History
from runbook_gate.errors import NoDecision
from runbook_gate.models.decision import Decision

_ENDS = {"complete": "finish", "escalate": "escalate"}


def check(history: History, decision: Decision) -> None:
    """Refuse a decision that leaves the fence.

    Raises:
        NoDecision: with a code `fence.*`.
    """
    routing, following = history.opened.routing, decision.next
    if decision.verdict in _ENDS:
        _ending(decision)
        return
    if following.action not in routing.actions.get(decision.checkpoint, []):
        refuse("action", f"{following.action} is not allowed after {decision.checkpoint}")
    if following.action not in routing.effects or following.checkpoint is None:
        refuse("action", f"{following.action} is no effect of this runbook")
    if following.step not in routing.steps:
        refuse("step", f"the runbook has no step {following.step}")
    if routing.effects[following.action] == "write":
        _writing(decision)
    _waiting(history, decision)


def refuse(code: str, message: str) -> NoReturn:
    """Refuse with a code of the fence."""
    raise NoDecision(
        f"fence.{code}",
        f"The gate asked for something outside the fence: {message}.",
        advice="Nothing was done. Find out who changed the policies or the sidecar before you start it again.",
    )


def _ending(decision: Decision) -> None:
    if decision.next.action != _ENDS[decision.verdict]:
        refuse("action", f"{decision.verdict} does not lead to {decision.next.action}")
    if decision.verdict == "complete" and decision.checkpoint != "cp4":
        refuse("action", "only cp4 completes")


def _writing(decision: Decision) -> None:
    if (decision.checkpoint, decision.verdict, decision.next.checkpoint) != ("cp1", "proceed", "cp2"):
        refuse("action", "a write follows a proceed of cp1 and leads to cp2")


def _waiting(history: History, decision: Decision) -> None:
    until = decision.next.until_ms
    if (until is not None) != (decision.verdict == "wait"):
        refuse("wait", "a moment to wait for belongs to a wait")
    if until is not None and until > history.opened.deadline_ms:
        refuse("wait", "it would wait beyond the deadline")
