"""The source `ledger`, as a gather observes it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from runbook_gate.models.base import Milliseconds, Record, Sha256
from runbook_gate.models.database import DatabaseIdentity


class UnacknowledgedEscalation(Record):
    """An earlier escalation on the target that nobody acknowledged."""

    id: str = Field(description="The packet's id.", examples=["esc-7c0d5b9e0f7a4a11"])
    run: str = Field(description="Its run.", examples=["01kq3v"])


class Pause(Record):
    """Somebody paused the executor."""

    actor: str = Field(description="Who.", examples=["platform-governance"])
    reason: str = Field(description="Why.", examples=["change freeze"])
    since_ms: Milliseconds = Field(description="Since when.")


class LedgerFacts(Record):
    """The source `ledger`: what the store knows."""

    previous_run: str | None = Field(description="The target's previous run.", examples=["01kq2a"])
    previous_chain: Literal["none", "intact", "broken"] = Field(
        description="Its chain: none if there is no previous run.", examples=["intact"]
    )
    evidence_missing: list[Sha256] = Field(
        description="Digests that this run's entries name and the store lacks.", examples=[[]]
    )
    escalations: list[UnacknowledgedEscalation] = Field(description="Unacknowledged ones on the target.")
    paused: Pause | None = Field(description="Null unless paused.")
    database: DatabaseIdentity | None = Field(
        default=None, description="The database that has the ledger now; null where it is no PostgreSQL."
    )
    recorded_by: list[DatabaseIdentity | None] = Field(
        default_factory=list,
        description="Databases that this run's entries name, each once, in order; before the first the present one.",
    )
    known_runs: list[str] = Field(
        default_factory=list,
        description="Those runs that the ledger has, of the ones that markers on the namespace name.",
        examples=[["01kq2a"]],
    )
