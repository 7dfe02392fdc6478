"""What goes into the store and what comes out of it, as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from runbook_gate.models.decision import Checkpoint
from runbook_gate.models.entry import Kind

TaskState = Literal["queued", "active", "finished"]
RunState = Literal["active", "complete", "escalated"]
TaskOutcome = Literal["complete", "escalated", "withdrawn"]
EscalationState = Literal["open", "acknowledged", "resolved"]


@dataclass(frozen=True, slots=True)
class Draft:
    """What the engine says of an entry; the store adds the rest.

    Attributes:
        kind: what the entry records.
        body: the record, with ASCII keys and without floats.
        checkpoint: the checkpoint it belongs to.
        attempt: write attempt, from 1.
        step: step of the runbook; None for that of the entry before.
        actor: executor, or a person.
        server_date_ms: newest Date header of an API server in the body.
    """

    kind: Kind
    body: dict[str, Any]
    checkpoint: Checkpoint | None = None
    attempt: int | None = None
    step: str | None = None
    actor: str = "executor"
    server_date_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to append to a run.

    Attributes:
        run: the run.
        number: fencing number; it grows with every holder, and each append checks it.
        holder: who holds it: host, process and a random part.
        expires_ms: wall clock from which another process may take the run over.
    """

    run: str
    number: int
    holder: str
    expires_ms: int


@dataclass(frozen=True, slots=True)
class TaskStatus:
    """Where a task stands.

    Attributes:
        id: the task.
        runbook: runbook and revision.
        state: queued, active or finished.
        outcome: how it finished; None before.
        run: its run; None before it was opened.
        submitted_ms: when it was submitted.
        not_before_ms: not due before this moment.
    """

    id: str
    runbook: str
    state: TaskState
    outcome: TaskOutcome | None
    run: str | None
    submitted_ms: int
    not_before_ms: int


@dataclass(frozen=True, slots=True)
class RunStatus:
    """Where a run stands.

    Attributes:
        id: the run.
        task: its task.
        runbook: runbook and revision.
        target_key: what it repairs.
        state: active, complete or escalated.
        opened_ms: when it was opened.
        deadline_ms: when it must have ended.
        step: step of the newest entry.
        seq: position of the newest entry.
        head: sha256 of the newest entry.
        kind: kind of the newest entry.
        checkpoint: checkpoint of the newest entry.
        intents: how many writes were intended.
        holder: who holds the run; None if nobody does. A lease that expired counts until it is taken over.
        lease: fencing number of the newest lease.
        lease_expires_ms: when it may be taken over, by wall clock.
        record_sha256: completion record or escalation packet; None before the end.
    """

    id: str
    task: str
    runbook: str
    target_key: str
    state: RunState
    opened_ms: int
    deadline_ms: int
    step: str
    seq: int
    head: str
    kind: Kind
    checkpoint: Checkpoint | None
    intents: int
    holder: str | None
    lease: int
    lease_expires_ms: int
    record_sha256: str | None


@dataclass(frozen=True, slots=True)
class Finished:
    """How a run ended: what `run` prints, at the end and each time it is asked again.

    Attributes:
        outcome: complete or escalated.
        run: the run.
        task: its task.
        head: sha256 of its last entry.
        record: completion record or escalation packet.
        record_sha256: digest of the record.
        packet: id of the escalation; None if the run is complete.
    """

    outcome: Literal["complete", "escalated"]
    run: str
    task: str
    head: str
    record: bytes
    record_sha256: str
    packet: str | None


@dataclass(frozen=True, slots=True)
class Handling:
    """What somebody did about an escalation.

    Attributes:
        actor: who.
        note: what they said.
        at_ms: when.
    """

    actor: str
    note: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class Escalation:
    """An escalation and what became of it.

    Attributes:
        id: derived from the sha256 of the run's `escalated` entry.
        run: the run.
        task: its task.
        target_key: what the run repaired.
        at_ms: when the run escalated.
        state: open, acknowledged or resolved.
        packet_sha256: digest of the packet.
        acknowledged: who took it; None while open, or when it was resolved at once.
        resolved: who closed it; None before.
    """

    id: str
    run: str
    task: str
    target_key: str
    at_ms: int
    state: EscalationState
    packet_sha256: str
    acknowledged: Handling | None
    resolved: Handling | None
