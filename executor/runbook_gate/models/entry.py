"""One entry of the ledger (records.md, `Ledger entry`)."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from runbook_gate.models.base import Closed, Milliseconds, Sha256
from runbook_gate.models.database import DatabaseIdentity
from runbook_gate.models.decision import Checkpoint

Kind = Literal["opened", "observation", "decision", "intent", "no_decision", "repinned", "completed", "escalated"]


class Executor(Closed):
    """The program that wrote the entry."""

    version: str = Field(description="Version of runbook-gate.", examples=["0.1.0"])
    configuration_sha256: Sha256 = Field(description="Digest of its effective configuration, without secrets.")


def _absent(value: object) -> bool:
    return value is None


class EntryFields(Closed):
    """Everything that is hashed, as canonical JSON. `sha256` is the digest of exactly these bytes."""

    schema_: Literal[1] = Field(alias="schema", description="Version of this schema.", examples=[1])
    run: str = Field(description="The run.", examples=["01kq3v"])
    task: str = Field(description="The task's id.", examples=["restore-psa-0007"])
    runbook: str = Field(description="Runbook and revision.", examples=["MKS-PSA-Label-Restore-v3"])
    step: str = Field(description="Step of the runbook.", examples=["restore"])
    seq: int = Field(description="Position in the run, from 1.", examples=[4])
    kind: Kind = Field(description="What the entry records.", examples=["decision"])
    checkpoint: Checkpoint | None = Field(description="Checkpoint that the entry belongs to.", examples=["cp1"])
    attempt: int | None = Field(description="Write attempt, from 1; null outside of one.", examples=[1])
    actor: str = Field(description="Who acted: executor or a person.", examples=["executor"])
    at_ms: Milliseconds = Field(description="Wall clock of the append, milliseconds since the epoch.")
    boottime_ms: int = Field(description="CLOCK_BOOTTIME of the append, in milliseconds.", examples=[912345])
    boot_id: str = Field(
        description="The kernel's boot id; boottime compares only within it.",
        examples=["5a1c0d4e-0f0b-4a7e-8d0e-6b8e3b1c2d3f"],
    )
    server_date_ms: Milliseconds | None = Field(
        description="Newest Date header of an API server in this entry, where known."
    )
    executor: Executor = Field(description="The program.")
    lease: int = Field(description="Fencing number of the lease that appended.", examples=[1])
    system_identifier: str | None = Field(
        default=None,
        exclude_if=_absent,
        description="On PostgreSQL: which database cluster had the entry; absent elsewhere.",
        examples=["7518223694587001234"],
    )
    timeline_id: int | None = Field(
        default=None,
        exclude_if=_absent,
        description="On PostgreSQL: its timeline, which a failover changes; absent elsewhere.",
        examples=[1],
    )
    body: dict[str, Any] = Field(description="What the kind records.", examples=[{}])
    prev_sha256: Sha256 | None = Field(description="sha256 of the previous entry; null in the first.")

    @property
    def database(self) -> DatabaseIdentity | None:
        """Which database had the entry; None where it was no PostgreSQL."""
        if self.system_identifier is None or self.timeline_id is None:
            return None
        return DatabaseIdentity(system_identifier=self.system_identifier, timeline_id=self.timeline_id)


class Entry(EntryFields):
    """An entry with its digest."""

    sha256: Sha256 = Field(description="Digest of the entry's bytes.")
