"""The decision input: every fact that a decision may depend on (design.md, the decision contract)."""

from __future__ import annotations

from typing import Generic, Literal, TypeVar

from pydantic import Field

from runbook_gate.models.base import Closed, Labels, Milliseconds, Record, Sha256
from runbook_gate.models.decision import Checkpoint, Verdict
from runbook_gate.models.observation import GatherBody, PatchLabelsBody, ResolveWriteBody, VerifyBody
from runbook_gate.models.runbook import Opened

B = TypeVar("B", bound=Record)


class Block(Closed, Generic[B]):
    """A fact: one entry of the ledger."""

    seq: int = Field(description="Position in the run.", examples=[3])
    sha256: Sha256 = Field(description="The entry's digest.")
    at_ms: Milliseconds = Field(description="Wall clock of the append.")
    boottime_ms: int = Field(description="CLOCK_BOOTTIME of the append, in milliseconds.", examples=[912345])
    boot_id: str = Field(description="The kernel's boot id.", examples=["5a1c0d4e-0f0b-4a7e-8d0e-6b8e3b1c2d3f"])
    lease: int = Field(description="Fencing number of the lease.", examples=[1])
    body: B = Field(description="The entry's body, or a named part of it.")


class IntentBody(Closed):
    """Body of an `intent` entry: the write that is about to be sent."""

    action: str = Field(description="The effect.", examples=["patch_labels"])
    attempt: int = Field(description="Attempt, from 1.", examples=[1])
    uid: str = Field(description="metadata.uid that is sent.", examples=["0c7b3c2e-52a5-4d7e-9a0c-6f2a3f6f2c11"])
    resource_version: str = Field(description="metadata.resourceVersion that is sent.", examples=["48211"])
    labels: Labels = Field(
        description="Labels that are sent.", examples=[{"pod-security.kubernetes.io/enforce": "restricted"}]
    )
    not_after_ms: Milliseconds = Field(description="No send after this moment.")
    params_sha256: Sha256 = Field(description="Digest of the canonical params.")
    decision: Sha256 = Field(description="The decision entry that asked for it.")
    read_date_ms: Milliseconds | None = Field(
        description="Date header of the last read before the intent: later writes have later audit times."
    )
    marker: str = Field(description="fieldManager of the PATCH.", examples=["rbgate.01kq3v.1"])


class LineageBody(Closed):
    """Named part of a decision's body."""

    step: str = Field(description="Step that was asked.", examples=["restore"])
    checkpoint: Checkpoint = Field(description="Checkpoint that was asked.", examples=["cp1"])
    verdict: Verdict = Field(description="The verdict.", examples=["proceed"])
    action: str = Field(description="The next action.", examples=["patch_labels"])
    next_checkpoint: Checkpoint | None = Field(description="The next checkpoint.", examples=["cp2"])
    codes: list[str] = Field(description="Codes of its denials, sorted.", examples=[[]])


class Attempt(Closed):
    """One write attempt."""

    attempt: int = Field(description="From 1.", examples=[1])
    intent: Block[IntentBody] = Field(description="The intent; its sha256 is the Audit-ID of the request.")
    observation: Block[PatchLabelsBody] | None = Field(
        description="What the request brought; null if the process was interrupted before it was recorded."
    )


class Newest(Closed):
    """The newest entry: the clock of this decision."""

    seq: int = Field(description="Position in the run.", examples=[3])
    at_ms: Milliseconds = Field(description="Wall clock; equal to now_ms.")
    boottime_ms: int = Field(description="CLOCK_BOOTTIME, in milliseconds.", examples=[912345])
    boot_id: str = Field(description="The kernel's boot id.", examples=["5a1c0d4e-0f0b-4a7e-8d0e-6b8e3b1c2d3f"])
    lease: int = Field(description="Fencing number of the lease.", examples=[1])


class Observed(Closed):
    """The newest observation of each reading effect in this step; null if there is none."""

    gather: Block[GatherBody] | None = Field(default=None, description="Registers, cluster and namespace.")
    resolve_write: Block[ResolveWriteBody] | None = Field(default=None, description="What became of a write.")


class DecisionInput(Closed):
    """What the gate is asked with."""

    schema_: Literal[1] = Field(alias="schema", description="Version of this schema.", examples=[1])
    run_id: str = Field(description="The run.", examples=["01kq3v"])
    step: str = Field(description="Step of the runbook.", examples=["restore"])
    checkpoint: Checkpoint = Field(description="Checkpoint that is asked.", examples=["cp1"])
    ledger_head: Sha256 = Field(description="sha256 of the newest entry.")
    now_ms: Milliseconds = Field(description="Wall clock of the newest entry.")
    newest: Newest = Field(description="The newest entry.")
    opened: Block[Opened] = Field(description="How the run was opened: task, pins, routing, deadline, ledger facts.")
    observed: Observed = Field(description="Newest observations.")
    attempts: list[Attempt] = Field(description="Write attempts of this step, in order.")
    rounds: list[Block[VerifyBody]] = Field(description="Verification rounds since the last cp2 decision, in order.")
    lineage: list[Block[LineageBody]] = Field(description="Decisions of this run since it was pinned, in order.")
