"""Params of each effect: what the gate asks for, and the fence admits."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from runbook_gate.models.base import Closed, Labels, Milliseconds

Keys = Annotated[list[str], Field(examples=[["pod-security.kubernetes.io/enforce"]])]
Namespace = Annotated[str, Field(description="Namespace of the target.", examples=["payments-settlement-prod"])]


class GatherParams(Closed):
    """What `gather` reads."""

    cluster_id: str = Field(description="Cluster of the target.", examples=["mks-us-east-1-prod-03"])
    namespace: Namespace
    labels: Labels = Field(
        description="The approved tuple, for the PATCH with dryRun=All.",
        examples=[{"pod-security.kubernetes.io/enforce": "restricted"}],
    )
    sources: list[str] = Field(description="Registers to read.", examples=[["namespace_baseline"]])


class PatchLabelsParams(Closed):
    """What `patch_labels` writes."""

    namespace: Namespace
    uid: str = Field(
        description="metadata.uid that the PATCH carries.", examples=["0c7b3c2e-52a5-4d7e-9a0c-6f2a3f6f2c11"]
    )
    resource_version: str = Field(description="metadata.resourceVersion that the PATCH carries.", examples=["48211"])
    labels: Labels = Field(
        description="Every label of the runbook, null to remove it.",
        examples=[{"pod-security.kubernetes.io/enforce": "restricted"}],
    )
    not_after_ms: Milliseconds = Field(description="No send after this moment.")


class ResolveWriteParams(Closed):
    """What `resolve_write` looks up."""

    namespace: Namespace
    label_keys: Keys = Field(description="The runbook's labels.")
    audit_ids: list[str] = Field(
        description="Audit-IDs of the attempts: sha256 of their intents.", examples=[["9f86d081884c7d65"]]
    )
    since_ms: Milliseconds = Field(description="Writes to the namespace from this moment on are looked up.")


class ProbeSpec(Closed):
    """One probe: a manifest for a dry-run creation."""

    name: str = Field(description="Name in the runbook's probe set.", examples=["P1"])
    resource: Literal["pods", "podtemplates"] = Field(description="What to create.", examples=["pods"])
    manifest: dict[str, Any] = Field(
        description="The object without metadata.name and metadata.namespace.", examples=[{"kind": "Pod"}]
    )


class VerifyParams(Closed):
    """What one round of `verify` does."""

    namespace: Namespace
    label_keys: Keys = Field(description="The runbook's labels.")
    probes: list[ProbeSpec] = Field(description="The probes, in order.")
    audit_ids: list[str] = Field(
        description="Audit-IDs of earlier rounds whose events are still missing.", examples=[[]]
    )
    since_ms: Milliseconds = Field(
        description="Writes to the namespace from this moment on are looked up, so that a revert has a name."
    )


class FinishParams(Closed):
    """What the completion record says: derived by the gate from the last rounds."""

    verified_ms: Milliseconds = Field(description="When the last round ended.")
    resource_version: str = Field(description="resourceVersion that was verified.", examples=["48215"])
    servers: Literal["listed", "sampled"] = Field(
        description="listed: every listed API server passed; sampled: one address, perhaps a balancer.",
        examples=["sampled"],
    )
    endpoints: list[str] = Field(description="Names of the API servers that passed.", examples=[["api-1"]])
    writer: Literal["attempt_1", "attempt_2", "other", "none", "unknown"] = Field(
        description="Who wrote the tuple: own attempt, somebody else, nobody in this run, or not known.",
        examples=["attempt_1"],
    )
    audit: Literal["shown", "inferred"] = Field(
        description="Whether the write's own audit event was seen, or inferred from the marker.",
        examples=["shown"],
    )
    limits: list[str] = Field(
        description="What the verification cannot show.",
        examples=[["exemptions of other users and runtime classes are invisible to the probes"]],
    )
