"""What the executor refuses to do whatever the gate says (design.md, the decision contract, 5).

- The action is one that the run's own copy of the runbook allows at this checkpoint; escalation always is.
- A write only follows a `proceed` of cp1 and leads to cp2; nothing else leads to a write.
- Only a wait has a moment to wait for, and it is not after the deadline.
- Only cp4 completes, with a record of a round that was made since the last write; what ends the run leads nowhere
  else.
- The rest of an effect's fence lies in the effect's own file.
"""

from __future__ import annotations

from typing import NoReturn

from pydantic import ValidationError

from runbook_gate.core.history import History
from runbook_gate.errors import NoDecision
from runbook_gate.models.decision import Decision
from runbook_gate.models.entry import Entry
from runbook_gate.models.params import FinishParams

_ENDS = {"complete": "finish", "escalate": "escalate"}


def check(history: History, decision: Decision) -> None:
    """Refuse a decision that leaves the fence.

    Args:
        history: the run so far.
        decision: an accepted decision on it.

    Raises:
        NoDecision: with a code `fence.*`.
    """
    routing, following = history.opened.routing, decision.next
    if following.step not in routing.steps:
        refuse("step", "the runbook has no such step")
    _waiting(history, decision)
    if decision.verdict in _ENDS:
        _ending(decision)
    if decision.verdict == "escalate":
        return
    if following.action not in routing.actions.get(decision.checkpoint, []):
        refuse("action", f"the action is not allowed after {decision.checkpoint}")
    if decision.verdict == "complete":
        _completing(history, decision)
        return
    if following.action not in routing.effects or following.checkpoint is None:
        refuse("action", f"{decision.verdict} needs an effect of this runbook and a checkpoint after it")
    if routing.effects[following.action] == "write":
        _writing(decision)


def refuse(code: str, message: str) -> NoReturn:
    """Refuse with a code of the fence."""
    raise NoDecision(
        f"fence.{code}",
        f"The gate asked for something outside the fence: {message}.",
        advice="Nothing was done. Find out who changed the policies or the sidecar before you start it again.",
    )


def _ending(decision: Decision) -> None:
    if (decision.next.action, decision.next.checkpoint) != (_ENDS[decision.verdict], None):
        refuse("action", f"{decision.verdict} leads to {_ENDS[decision.verdict]} and to no checkpoint")


def _completing(history: History, decision: Decision) -> None:
    if decision.checkpoint != "cp4":
        refuse("action", "only cp4 completes")
    try:
        record = FinishParams.model_validate(decision.next.params)
    except ValidationError:
        refuse("params", "the params of finish are not as its schema says")
    if not any(_shown(record, entry) for entry in history.rounds(decision.step)):
        refuse("verification", "no round since the last write shows what the completion would say")


def _shown(record: FinishParams, entry: Entry) -> bool:
    """Whether a round is the one that a completion record speaks of."""
    servers = entry.body["servers"]
    read = servers[0]["last"]["object"] if servers else None
    return (
        read is not None
        and read["resource_version"] == record.resource_version
        and sorted(server["endpoint"] for server in servers) == sorted(record.endpoints)
        and entry.body["sampled"] == (record.servers == "sampled")
    )


def _writing(decision: Decision) -> None:
    if (decision.checkpoint, decision.verdict, decision.next.checkpoint) != ("cp1", "proceed", "cp2"):
        refuse("action", "a write follows a proceed of cp1 and leads to cp2")
    if decision.next.step != decision.step:
        refuse("step", "a write belongs to the step that was asked")


def _waiting(history: History, decision: Decision) -> None:
    until = decision.next.until_ms
    if (until is not None) != (decision.verdict == "wait"):
        refuse("wait", "a moment to wait for belongs to a wait")
    if until is not None and until > history.opened.deadline_ms:
        refuse("wait", "it would wait beyond the deadline")
