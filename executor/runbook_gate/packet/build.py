"""The packet as a pure function of a run's entries and the decision that ended it."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from runbook_gate.core.history import AttemptEntries, History
from runbook_gate.ledger.identifiers import packet_id
from runbook_gate.models.bodies import EscalatedBody
from runbook_gate.models.decision import Denial
from runbook_gate.models.packet import AttemptRecord, NextStep, Packet, Target
from runbook_gate.models.runbook import Opened
from runbook_gate.packet.state import blockers, live_state, register_versions


def build(history: History, denials: Sequence[Denial]) -> Packet:
    """Make the packet.

    Args:
        history: the run, its last entry `escalated`.
        denials: why, as the decision that escalated says, or the executor past the deadline.

    Returns:
        The packet.
    """
    escalated, opened = history.newest, history.opened
    body, task = EscalatedBody.model_validate(escalated.body), history.opened.task
    return Packet(
        schema_=1,
        id=packet_id(escalated.sha256),
        run=escalated.run,
        task=task.id,
        runbook=task.runbook,
        escalated_ms=escalated.at_ms,
        owner=opened.routing.owner,
        target=_target(opened),
        origin=body.origin,
        basis=body.basis,
        condition=list(denials),
        written=_written(history),
        write_in_doubt=body.write_in_doubt,
        kill_command=_kill_command(history) if body.write_in_doubt else None,
        attempts=attempts(history),
        approved=task.labels,
        live=live_state(history),
        registers=register_versions(history),
        blockers=blockers(history),
        evidence=evidence_digests(history),
        ledger_head=escalated.sha256,
        policy_sha256=history.pins.content_sha256,
        opa_version=history.pins.opa_version,
        next_steps=_next_steps(history),
    )


def _target(opened: Opened) -> Target:
    task = opened.task
    return Target(
        key=opened.target_key,
        cluster_id=task.cluster_id,
        namespace=task.namespace,
        owner_alias=task.owner_alias,
        incident=task.incident,
    )


def _outcome(made: AttemptEntries) -> str:
    if made.observation is None:
        return "interrupted"
    http = made.observation.body["patched"]["http"]
    return str(http["status"] or http["outcome"])


def _written(history: History) -> str:
    attempts = [made for step in history.opened.routing.steps for made in history.attempts(step)]
    if not attempts:
        return "Nothing was written."
    told = ", ".join(f"attempt {number}: {_outcome(made)}" for number, made in enumerate(attempts, start=1))
    return f"The labels were written, or were about to be ({told}). Nothing else was written."


def _kill_command(history: History) -> str:
    task, run = history.opened.task, history.newest.run
    change = f"runbook-gate/superseded={run}"
    return shlex.join(["kubectl", "annotate", "namespace", task.namespace, change, "--overwrite"])


def attempts(history: History) -> list[AttemptRecord]:
    """Every write attempt of a run, step by step."""
    return [record for step in history.opened.routing.steps for record in _of_step(history, step)]


def _of_step(history: History, step: str) -> list[AttemptRecord]:
    return [
        AttemptRecord(
            attempt=number,
            audit_id=made.intent.sha256,
            intended_ms=made.intent.at_ms,
            resource_version=made.intent.body["resource_version"],
            outcome=_outcome(made),
            retry_reason=_retry_reason(history, made),
        )
        for number, made in enumerate(history.attempts(step), start=1)
    ]


def _retry_reason(history: History, made: AttemptEntries) -> list[str]:
    for entry in history.decisions():
        if entry.seq > made.intent.seq and entry.checkpoint == "cp2" and entry.body["verdict"] == "retry":
            codes: list[str] = entry.body["codes"]
            return codes
    return []


def evidence_digests(history: History) -> list[str]:
    """Digests of the exact bytes of every question and answer, sorted."""
    asked = [entry for entry in history.entries if entry.kind in {"decision", "no_decision"}]
    digests = {entry.body[side]["body_sha256"] for entry in asked for side in ("request", "answer")}
    return sorted(digest for digest in digests if digest)


def _next_steps(history: History) -> list[NextStep]:
    task, escalated = history.opened.task, history.newest
    return [
        NextStep(
            what="Read the state of the namespace",
            command=shlex.join(["kubectl", "get", "namespace", task.namespace, "--show-labels"]),
        ),
        NextStep(what="Read what the run did", command=f"runbook-gate show {escalated.run}"),
        NextStep(
            what="Acknowledge the escalation: until then no other task runs on this target",
            command=f"runbook-gate escalations ack {packet_id(escalated.sha256)}",
        ),
        NextStep(
            what="When the condition is mended, submit a superseding task with an id of its own",
            command="runbook-gate submit TASK",
        ),
        NextStep(
            what="Close the escalation", command=f"runbook-gate escalations resolve {packet_id(escalated.sha256)}"
        ),
    ]
