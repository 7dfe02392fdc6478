"""What is kept of a register's answer (records.md, rows `every register` to `exceptions`)."""

from __future__ import annotations

from typing import Generic, Literal, TypeVar

from pydantic import Field

from runbook_gate.models.base import Labels, Milliseconds, Record, Sha256


class Scope(Record):
    """What an answer or a waiver is about."""

    cluster_id: str | None = Field(
        description="Cluster; null if not stated or not a string.", examples=["mks-us-east-1-prod-03"]
    )
    namespace: str | None = Field(
        description="Namespace; null in an answer's scope means every namespace of the cluster.",
        examples=["payments-settlement-prod"],
    )


class BaselineRecord(Scope):
    """One record of the namespace baseline."""

    labels: Labels | None = Field(
        description="The runbook's labels, null where left out; null as a whole if malformed.",
        examples=[{"pod-security.kubernetes.io/enforce": "restricted"}],
    )
    other_labels: int = Field(description="Count of stated labels outside the runbook.", examples=[0])
    policy_baseline_version: str | None = Field(description="Version of the policy baseline.", examples=["psb-2026.07"])
    owner_alias: str | None = Field(description="Owner of the namespace.", examples=["payments-settlement"])


class WaiverRecord(Record):
    """One record of the platform exceptions: a waiver. Kept unless its literal scope is elsewhere."""

    id: str | None = Field(description="The waiver's id.", examples=["EXC-311"])
    status: str | None = Field(description="Status as the register spells it.", examples=["closed"])
    expiry_ms: Milliseconds | None = Field(description="End of the waiver. It does not close it.")
    scope: Scope | None = Field(description="What it covers; null if missing or odd.")


class InventoryRecord(Record):
    """One record of the cluster inventory."""

    cluster_id: str | None = Field(description="The cluster's id.", examples=["mks-us-east-1-prod-03"])
    uid: str | None = Field(
        description="metadata.uid of the cluster's kube-system namespace.",
        examples=["b1f0a3f0-5c8e-4a3f-9a39-6f1c0b6f2f10"],
    )


class OwnershipRecord(Scope):
    """One record of the namespace ownership."""

    owner_aliases: list[str] | None = Field(
        description="Owners of the namespace, no persons; null if malformed.",
        examples=[["payments-settlement"]],
    )


R = TypeVar("R", bound=Record)


class RegisterAnswer(Record, Generic[R]):
    """The allow-listed projection of one register's answer."""

    outcome: Literal["answered", "unanswered", "missing", "malformed"] = Field(
        description=(
            "answered: a well-formed envelope; unanswered: no answer came (wait); missing: the source says that "
            "there is none; malformed: not an envelope."
        ),
        examples=["answered"],
    )
    problem: str | None = Field(
        description="Stable name of what was wrong, null if answered.", examples=["duplicate_key"]
    )
    read_at_ms: Milliseconds = Field(description="Wall clock when the answer was complete.")
    sha256: Sha256 | None = Field(description="Digest of the raw bytes; the bytes are not kept.")
    source_id: str | None = Field(description="Which system answered.", examples=["cmdb-eu-1"])
    schema_id: str | None = Field(description="The envelope's `schema`.", examples=["namespace_baseline/1"])
    version: str | None = Field(description="The envelope's record version.", examples=["4711"])
    as_of_ms: Milliseconds | None = Field(description="The moment that the answer describes.")
    scope: Scope | None = Field(description="What the answer covers.")
    complete: bool | None = Field(description="Whether the source says that nothing is left out.", examples=[True])
    total: int | None = Field(description="How many records the source says there are.", examples=[1])
    records: list[R] = Field(description="The records that may concern the target.")
    dropped: int = Field(description="Count of records whose literal cluster or namespace differs.", examples=[0])


class Registers(Record):
    """The four registers of the pod security runbook."""

    namespace_baseline: RegisterAnswer[BaselineRecord] = Field(description="The approved baseline.")
    platform_exceptions: RegisterAnswer[WaiverRecord] = Field(description="The waivers.")
    cluster_inventory: RegisterAnswer[InventoryRecord] = Field(description="The clusters.")
    namespace_ownership: RegisterAnswer[OwnershipRecord] = Field(description="The owners.")
