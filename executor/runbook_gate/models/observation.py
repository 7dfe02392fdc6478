"""Observations: one effect, one observation. Values stay uninterpreted; Rego classifies them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from runbook_gate.models.audit_answer import AuditAnswer
from runbook_gate.models.base import Labels, Milliseconds, Record, Sha256
from runbook_gate.models.http import HttpAnswer
from runbook_gate.models.ledger_facts import LedgerFacts
from runbook_gate.models.register import Registers


class Marker(Record):
    """One managedFields entry of our own field managers `rbgate.<run>.<write>`."""

    manager: str = Field(description="Name of the manager.", examples=["rbgate.01kq3v.1"])
    run: str = Field(description="Run in the name.", examples=["01kq3v"])
    attempt: int = Field(
        description="Number of the write in the name: its attempt, counted through the steps.", examples=[1]
    )
    operation: str | None = Field(description="managedFields[].operation.", examples=["Update"])
    time_ms: Milliseconds | None = Field(description="managedFields[].time.")


class NamespaceObject(Record):
    """What is kept of a Namespace."""

    name: str | None = Field(description="metadata.name.", examples=["payments-settlement-prod"])
    uid: str | None = Field(description="metadata.uid.", examples=["0c7b3c2e-52a5-4d7e-9a0c-6f2a3f6f2c11"])
    resource_version: str | None = Field(description="metadata.resourceVersion.", examples=["48211"])
    phase: str | None = Field(description="status.phase.", examples=["Active"])
    deletion_ms: Milliseconds | None = Field(description="metadata.deletionTimestamp.")
    labels: Labels | None = Field(
        description="The runbook's labels, null where absent.",
        examples=[{"pod-security.kubernetes.io/enforce": None}],
    )
    markers: list[Marker] = Field(description="Our own managedFields entries.")
    managers: list[str] = Field(
        description="Names of other managers that own one of the runbook's labels.",
        examples=[["kubectl-label"]],
    )


class NamespaceRead(Record):
    """A namespace as read, or as returned by the PATCH or its dry run."""

    http: HttpAnswer = Field(description="The answer.")
    read_boottime_ms: int = Field(
        description="CLOCK_BOOTTIME when the answer was complete, in milliseconds.", examples=[912345]
    )
    object: NamespaceObject | None = Field(description="The namespace; null unless the answer was one.")


class ClusterIdentity(Record):
    """Which cluster answers: the uid of its kube-system namespace."""

    http: HttpAnswer = Field(description="The answer.")
    uid: str | None = Field(
        description="metadata.uid of kube-system.", examples=["b1f0a3f0-5c8e-4a3f-9a39-6f1c0b6f2f10"]
    )


class ExecutorIdentity(Record):
    """As whom the API server sees the executor (SelfSubjectReview)."""

    http: HttpAnswer = Field(description="The answer.")
    username: str | None = Field(
        description="status.userInfo.username.", examples=["system:serviceaccount:runbook-gate:executor"]
    )


class GatherBody(Record):
    """gather: registers first, then the namespace, its dry run, and the namespace again."""

    effect: Literal["gather"] = Field(description="The effect.", examples=["gather"])
    ledger: LedgerFacts = Field(description="The source `ledger`.")
    registers: Registers = Field(description="The registers.")
    cluster: ClusterIdentity = Field(description="Which cluster answers.")
    identity: ExecutorIdentity = Field(description="As whom.")
    first: NamespaceRead = Field(description="The namespace before the dry run.")
    dry_run: NamespaceRead = Field(description="The same PATCH with dryRun=All.")
    last: NamespaceRead = Field(description="The namespace after the dry run.")


class PatchLabelsBody(Record):
    """patch_labels: the one write."""

    effect: Literal["patch_labels"] = Field(description="The effect.", examples=["patch_labels"])
    intent: Sha256 = Field(description="sha256 of the intent entry, which is the Audit-ID of the request.")
    patched: NamespaceRead = Field(description="The answer to the PATCH.")


class ResolveWriteBody(Record):
    """resolve_write: what became of a write."""

    effect: Literal["resolve_write"] = Field(description="The effect.", examples=["resolve_write"])
    read: NamespaceRead = Field(description="The namespace now, read consistently.")
    audit: AuditAnswer = Field(description="Events of the attempts, and writes since the first intent.")


class Probe(Record):
    """One dry-run creation and what came back."""

    name: str = Field(description="Name in the runbook's probe set.", examples=["P1"])
    template_sha256: Sha256 = Field(description="Digest of the canonical manifest without its name.")
    resource: Literal["pods", "podtemplates"] = Field(description="What was created.", examples=["pods"])
    object_name: str = Field(description="Generated metadata.name.", examples=["rbgate-probe-p1-5f0c"])
    audit_id: str = Field(description="Audit-ID that was sent.", examples=["3f0ad3a5-2f60-4d5b-8e0a-0f4f9a6f1c55"])
    http: HttpAnswer = Field(description="The answer.")
    differs: list[str] = Field(
        description="JSON pointers of the sent manifest whose returned value differs.",
        examples=[["/spec/hostNetwork"]],
    )
    additions: int = Field(description="Count of returned values that were not sent.", examples=[14])


class ServerRound(Record):
    """Readback, probes, readback on one API server, over a new connection."""

    endpoint: str = Field(description="Configured name of the API server.", examples=["api-1"])
    first: NamespaceRead = Field(description="Readback before the probes.")
    probes: list[Probe] = Field(description="The probes in the order sent.")
    last: NamespaceRead = Field(description="Readback after the probes.")


class VerifyBody(Record):
    """verify: one round on each server."""

    effect: Literal["verify"] = Field(description="The effect.", examples=["verify"])
    sampled: bool = Field(
        description="True where no API server endpoints are listed: one address, which may be a balancer.",
        examples=[False],
    )
    servers: list[ServerRound] = Field(description="One round on each server.")
    audit: AuditAnswer = Field(description="Events of the probes of this and of earlier rounds.")


Observation = GatherBody | PatchLabelsBody | ResolveWriteBody | VerifyBody
