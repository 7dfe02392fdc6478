"""The escalation packet: everything a human needs to take over, made once for a run."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from runbook_gate.models.base import Closed, Labels, Milliseconds, Sha256
from runbook_gate.models.decision import Checkpoint, Denial
from runbook_gate.models.runbook import Owner


class Target(Closed):
    """What the run was about."""

    key: str = Field(description="Key of the target.", examples=["mks-us-east-1-prod-03/payments-settlement-prod"])
    cluster_id: str = Field(description="Cluster.", examples=["mks-us-east-1-prod-03"])
    namespace: str = Field(description="Namespace.", examples=["payments-settlement-prod"])
    owner_alias: str = Field(description="Owner of the namespace.", examples=["payments-settlement"])
    incident: str | None = Field(description="Incident or ticket.", examples=["INC-88121"])


class AttemptRecord(Closed):
    """One write attempt."""

    attempt: int = Field(description="From 1.", examples=[1])
    audit_id: Sha256 = Field(description="Audit-ID of its request.")
    intended_ms: Milliseconds = Field(description="When it was intended.")
    resource_version: str = Field(description="resourceVersion that it carried.", examples=["48211"])
    outcome: str = Field(
        description="HTTP status, transport outcome, or `interrupted` where none was recorded.",
        examples=["409"],
    )
    retry_reason: list[str] = Field(
        description="Codes of the cp2 decision that allowed another attempt.",
        examples=[["retry_eligibility.conflict"]],
    )


class LabelState(Closed):
    """One label: approved against live."""

    key: str = Field(description="The label.", examples=["pod-security.kubernetes.io/enforce"])
    approved: str | None = Field(description="Approved value; null where left out.", examples=["restricted"])
    live: str | None = Field(description="Value of the newest read; null where absent.", examples=["baseline"])
    differs: bool = Field(description="Whether they differ.", examples=[True])


class LiveState(Closed):
    """The newest read of the namespace."""

    read_ms: Milliseconds = Field(description="When it was read.")
    newest_read: str = Field(
        description="What the newest read brought: HTTP status or transport outcome. Other than 200, this is older.",
        examples=["200"],
    )
    uid: str | None = Field(description="metadata.uid.", examples=["0c7b3c2e-52a5-4d7e-9a0c-6f2a3f6f2c11"])
    resource_version: str | None = Field(description="metadata.resourceVersion.", examples=["48211"])
    labels: list[LabelState] = Field(description="Every label of the runbook.")
    restored: bool = Field(description="Whether the stored values are the approved tuple.", examples=[False])


class RegisterVersion(Closed):
    """Which state of a register the run saw last."""

    name: str = Field(description="The register.", examples=["namespace_baseline"])
    outcome: str = Field(description="Whether it answered.", examples=["answered"])
    source_id: str | None = Field(description="Which system answered.", examples=["cmdb-eu-1"])
    version: str | None = Field(description="Its record version.", examples=["4711"])
    as_of_ms: Milliseconds | None = Field(description="The moment that it describes.")
    sha256: Sha256 | None = Field(description="Digest of the raw answer.")


class Blocker(Closed):
    """What kept a probe from being conclusive."""

    probe: str = Field(description="The probe.", examples=["P3"])
    status: int | None = Field(description="HTTP status.", examples=[500])
    pattern: str | None = Field(description="Id of the known text.", examples=["webhook_failed"])
    plugin: str | None = Field(
        description="Webhook or admission policy that it names.", examples=["injector.example.com"]
    )


class NextStep(Closed):
    """One thing that the human can do."""

    what: str = Field(description="What it is for.", examples=["Acknowledge the escalation"])
    command: str | None = Field(
        description="Command for a shell; null where there is none.",
        examples=["runbook-gate escalations ack esc-7c0d5b9e0f7a4a11"],
    )


class Packet(Closed):
    """The escalation packet."""

    schema_: Literal[1] = Field(alias="schema", description="Version of this schema.", examples=[1])
    id: str = Field(description="Derived from the escalated entry.", examples=["esc-7c0d5b9e0f7a4a11"])
    run: str = Field(description="The run.", examples=["01kq3v"])
    task: str = Field(description="The task.", examples=["restore-psa-0007"])
    runbook: str = Field(description="Runbook and revision.", examples=["MKS-PSA-Label-Restore-v3"])
    escalated_ms: Milliseconds = Field(description="When.")
    owner: Owner = Field(description="Who receives it.")
    target: Target = Field(description="What it is about.")
    origin: Checkpoint = Field(description="Checkpoint where the run ended.", examples=["cp1"])
    basis: str = Field(description="decision, or deadline_no_decision.", examples=["decision"])
    condition: list[Denial] = Field(description="The denials: codes, messages, solutions, facts.")
    written: str = Field(
        description="What was and was not written, in one sentence.", examples=["Nothing was written."]
    )
    write_in_doubt: bool = Field(description="Whether an attempt may still land.", examples=[False])
    kill_command: str | None = Field(
        description="Command that makes a write in doubt impossible; null where none is.",
        examples=["kubectl annotate namespace payments-settlement-prod runbook-gate/superseded=01kq3v --overwrite"],
    )
    attempts: list[AttemptRecord] = Field(description="The write attempts.")
    approved: Labels = Field(
        description="The approved tuple.", examples=[{"pod-security.kubernetes.io/enforce": "restricted"}]
    )
    live: LiveState | None = Field(description="The newest read; null if the namespace was never read.")
    registers: list[RegisterVersion] = Field(description="The registers as last seen.")
    blockers: list[Blocker] = Field(description="What kept the last round's probes from being conclusive.")
    evidence: list[Sha256] = Field(description="Digests of every question and answer, sorted.")
    ledger_head: Sha256 = Field(description="sha256 of the escalated entry.")
    policy_sha256: Sha256 = Field(description="Content digest of the bundle that decided.")
    opa_version: str = Field(description="OPA that decided.", examples=["1.22.0"])
    next_steps: list[NextStep] = Field(description="What the human can do next, in order.")
