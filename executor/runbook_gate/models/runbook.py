"""What the executor copies from a runbook's data into `opened`. All else in that data is Rego's."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from runbook_gate.models.base import Closed, Milliseconds, Record, Sha256
from runbook_gate.models.ledger_facts import LedgerFacts
from runbook_gate.models.task import Task

EffectKind = Literal["read", "write", "round"]


class Owner(Record):
    """Who receives the escalation packet."""

    name: str = Field(description="A person or role.", examples=["Leah Moran"])
    title: str = Field(description="Their title.", examples=["Director of Kubernetes Platform Governance"])
    queue: str = Field(description="Queue that the packet goes to.", examples=["platform-governance"])


class RoutingData(Record):
    """The part of a runbook's data that the executor must know before it can ask anything."""

    steps: list[str] = Field(description="Steps in order.", min_length=1, examples=[["restore"]])
    target_key: list[str] = Field(
        description="Task fields that together are the target; one active run per target.",
        min_length=1,
        examples=[["cluster_id", "namespace"]],
    )
    sources: list[str] = Field(description="Registers that gather reads.", examples=[["namespace_baseline"]])
    effects: dict[str, EffectKind] = Field(
        description=(
            "Actions of the runbook that are effects. read: the newest observation counts; write: an attempt with "
            "an intent; round: every observation since the last cp2 decision counts."
        ),
        examples=[{"gather": "read", "patch_labels": "write", "resolve_write": "read", "verify": "round"}],
    )
    actions: dict[str, list[str]] = Field(
        description="Actions allowed after a decision of each checkpoint.",
        examples=[{"cp1": ["gather", "patch_labels", "resolve_write"]}],
    )
    retry_budget: int = Field(description="Write attempts of each step.", examples=[2])
    label_keys: list[str] = Field(
        description="Labels that the runbook restores; the only ones that are ever read or written.",
        examples=[["pod-security.kubernetes.io/enforce"]],
    )
    duration_ms: int = Field(description="Longest time from opening to the deadline.", examples=[900000])


class Routing(RoutingData):
    """The same as a run copies it, with the owner from parties data."""

    owner: Owner = Field(description="Who receives the packet.")


class Pins(Closed):
    """Which policy decides this run (design.md, one run, one policy)."""

    content_sha256: Sha256 = Field(description="Content digest of the bundle, which is also its revision.")
    bundle_sha256: Sha256 = Field(description="Digest of the bundle file.")
    capabilities_sha256: Sha256 = Field(description="Digest of capabilities.json that the bundle was built with.")
    signer_key_id: str | None = Field(
        description="Key that signed the bundle; null if unsigned.", examples=["release-2026"]
    )
    opa_version: str = Field(description="OPA's version.", examples=["1.22.0"])
    opa_platform: str | None = Field(
        description="Platform of the opa binary; null if it cannot be measured.", examples=["linux/amd64"]
    )
    opa_sha256: Sha256 | None = Field(description="Digest of the opa binary; null if it cannot be measured.")
    opa_basis: Literal["measured", "claimed"] = Field(
        description="measured: the executor started that binary; claimed: the sidecar says so.",
        examples=["measured"],
    )


class Opened(Closed):
    """Body of the `opened` entry."""

    task: Task = Field(description="The task.")
    pins: Pins = Field(description="The policy and OPA.")
    routing: Routing = Field(description="Copied from the bundle, or defaults for an unknown runbook.")
    target_key: str = Field(
        description="Key of the target.", examples=["mks-us-east-1-prod-03/payments-settlement-prod"]
    )
    deadline_ms: Milliseconds = Field(description="The run ends by then.")
    ledger: LedgerFacts = Field(description="The source `ledger` at opening.")
