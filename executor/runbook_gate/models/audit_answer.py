"""What the audit log said, as it is observed."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from runbook_gate.models.base import Labels, Milliseconds, Record


class LabelChange(Record):
    """What a write to the namespace did to the runbook's labels."""

    labels: Labels = Field(
        description="Value after the write of each label of the runbook that its request named.",
        examples=[{"pod-security.kubernetes.io/enforce": "baseline"}],
    )


class AuditEvent(Record):
    """What is kept of an audit event (audit.k8s.io/v1)."""

    audit_id: str = Field(description="auditID.", examples=["3f0ad3a5-2f60-4d5b-8e0a-0f4f9a6f1c55"])
    stage: str | None = Field(description="stage.", examples=["ResponseComplete"])
    verb: str | None = Field(description="verb.", examples=["create"])
    username: str | None = Field(description="user.username.", examples=["system:serviceaccount:runbook-gate:executor"])
    resource: str | None = Field(description="objectRef.resource.", examples=["pods"])
    namespace: str | None = Field(description="objectRef.namespace.", examples=["payments-settlement-prod"])
    name: str | None = Field(description="objectRef.name.", examples=["rbgate-probe-p1-5f0c"])
    subresource: str | None = Field(description="objectRef.subresource.", examples=["status"])
    dry_run: bool = Field(description="Whether requestURI says dryRun=All.", examples=[True])
    code: int | None = Field(description="responseStatus.code.", examples=[403])
    received_ms: Milliseconds | None = Field(description="requestReceivedTimestamp.")
    stage_ms: Milliseconds | None = Field(description="stageTimestamp.")
    enforce_policy: str | None = Field(
        description="level:version of annotation enforce-policy.", examples=["restricted:v1.31"]
    )
    violations: str | None = Field(
        description="level:version of annotation audit-violations.", examples=["restricted:v1.31"]
    )
    exempt: str | None = Field(description="Annotation exempt.", examples=["namespace"])
    error: bool = Field(description="Whether annotation error is there.", examples=[False])
    resource_version: str | None = Field(
        description="Of a write to the namespace: the resourceVersion that it led to, if the event says so.",
        examples=["48213"],
    )
    change: LabelChange | None = Field(
        description="Of a write to the namespace: what it did to the labels; null if it named none of them."
    )


class AuditAnswer(Record):
    """What the audit log had."""

    outcome: Literal["answered", "unanswered", "unconfigured"] = Field(
        description="unanswered: the log could not be read; unconfigured: there is no log to ask.",
        examples=["answered"],
    )
    complete: bool = Field(
        description="Whether the log that is at hand reaches back to the time asked for (rotation may have cut it).",
        examples=[True],
    )
    newest_ms: Milliseconds | None = Field(
        description="Stage time of the newest event; of several logs that of the one that is furthest behind."
    )
    events: list[AuditEvent] = Field(description="Events of the Audit-IDs that were asked for.")
    writes: list[AuditEvent] = Field(description="Writes to the namespace within the time asked for.")
