"""What the receiver of notifications is told: CloudEvents 1.0 in the structured mode (docs/notifications.md)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from runbook_gate.models.base import Closed, Milliseconds, Sha256
from runbook_gate.models.decision import Checkpoint


class _About(Closed):
    """The run that an event is about."""

    schema_: Literal[1] = Field(alias="schema", description="Version of this schema.", examples=[1])
    run: str = Field(description="The run.", examples=["01kq3vdy8q4w1m6r2t9x5z7b3c"])
    task: str = Field(description="The task.", examples=["restore-psa-0007"])
    runbook: str = Field(description="Runbook and revision.", examples=["MKS-PSA-Label-Restore-v3"])
    target_key: str = Field(
        description="Key of the target.", examples=["mks-us-east-1-prod-03/payments-settlement-prod"]
    )


class RunEnded(_About):
    """A run ended."""

    outcome: Literal["complete", "escalated"] = Field(description="How.", examples=["escalated"])
    origin: Checkpoint | None = Field(description="Checkpoint where it ended; null if it completed.", examples=["cp1"])
    codes: list[str] = Field(
        description="Codes of the denials, sorted; none if it completed.", examples=[["waiver_absence.open_waiver"]]
    )
    write_in_doubt: bool = Field(description="Whether an attempt may still land.", examples=[False])
    packet: str | None = Field(
        description="Id of the escalation packet; null if it completed.", examples=["esc-7c0d5b9e0f7a4a11"]
    )
    ledger_head: Sha256 = Field(description="sha256 of the run's last entry.")
    ended_ms: Milliseconds = Field(description="When, milliseconds since the epoch.")


class EscalationHandled(_About):
    """Somebody acknowledged or resolved an escalation."""

    packet: str = Field(description="Id of the escalation packet.", examples=["esc-7c0d5b9e0f7a4a11"])
    actor: str = Field(description="Who.", examples=["leah"])
    store_head: Sha256 = Field(description="sha256 of the entry in the store's own chain.")
    handled_ms: Milliseconds = Field(description="When, milliseconds since the epoch.")


class _Event(Closed):
    """Context attributes of CloudEvents 1.0.2."""

    specversion: Literal["1.0"] = Field(description="Version of CloudEvents.", examples=["1.0"])
    id: str = Field(
        description="Derived from the entry that it is about: the same in each attempt.",
        examples=["evt-7c0d5b9e0f7a4a11c2f1a9d0b3e4f5a6"],
    )
    source: str = Field(description="The store.", examples=["urn:runbook-gate:store:01kq3vdy8q4w1m6r2t9x5z7b3c"])
    time: str = Field(
        description="When the entry was recorded, RFC 3339 in UTC.", examples=["2026-07-21T12:00:00.000Z"]
    )
    datacontenttype: Literal["application/json"] = Field(description="Form of `data`.", examples=["application/json"])


class RunNotification(_Event):
    """The end of a run, as it is sent."""

    type: Literal["runbook-gate.run.completed", "runbook-gate.run.escalated"] = Field(
        description="What happened.", examples=["runbook-gate.run.escalated"]
    )
    subject: str = Field(description="The run.", examples=["01kq3vdy8q4w1m6r2t9x5z7b3c"])
    data: RunEnded = Field(description="What is told of it.")


class EscalationNotification(_Event):
    """What became of an escalation, as it is sent."""

    type: Literal["runbook-gate.escalation.acknowledged", "runbook-gate.escalation.resolved"] = Field(
        description="What happened.", examples=["runbook-gate.escalation.resolved"]
    )
    subject: str = Field(description="Id of the escalation packet.", examples=["esc-7c0d5b9e0f7a4a11"])
    data: EscalationHandled = Field(description="What is told of it.")
