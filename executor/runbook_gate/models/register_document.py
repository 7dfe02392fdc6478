"""The registers as their authors write them. The executor keeps the projection in register.py of them."""

from __future__ import annotations

from typing import Annotated, Generic, Literal, TypeVar

from pydantic import Field

from runbook_gate.models.base import Record

Moment = Annotated[
    str,
    Field(
        pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?Z$",
        examples=["2026-11-20T10:00:00Z"],
    ),
]
ClusterId = Annotated[str, Field(description="Cluster, or a wildcard such as `*`.", examples=["mks-us-east-1-prod-03"])]
NamespaceName = Annotated[
    str, Field(description="Namespace, or a wildcard such as `*`.", examples=["payments-settlement-prod"])
]


class StatedScope(Record):
    """What an answer covers."""

    cluster_id: ClusterId
    namespace: str | None = Field(
        default=None,
        description="Namespace; left out where every namespace of the cluster is covered.",
        examples=["payments-settlement-prod"],
    )


class StatedBaseline(Record):
    """The approved state of one namespace."""

    cluster_id: ClusterId
    namespace: NamespaceName
    labels: dict[str, str] = Field(
        description="The approved labels; one that the baseline wants absent is left out.",
        examples=[{"pod-security.kubernetes.io/enforce": "restricted"}],
    )
    policy_baseline_version: str = Field(
        description="Version of the policy baseline that approved the labels.", examples=["psb-2026.07"]
    )
    owner_alias: str = Field(description="Owner of the namespace.", examples=["payments-settlement"])


class StatedWaiver(Record):
    """One platform exception: a waiver of the baseline."""

    id: str = Field(description="The waiver's id.", examples=["EXC-311"])
    status: str = Field(
        description="Where it stands. Only a status that the runbook lists as closed closes it.",
        examples=["closed"],
    )
    expiry: Moment | None = Field(default=None, description="End of the waiver, RFC 3339 in UTC. It does not close it.")
    scope: StatedScope = Field(description="What it covers.")


class StatedCluster(Record):
    """One cluster of the inventory."""

    cluster_id: ClusterId
    uid: str = Field(
        description="metadata.uid of the cluster's kube-system namespace.",
        examples=["b1f0a3f0-5c8e-4a3f-9a39-6f1c0b6f2f10"],
    )


class StatedOwnership(Record):
    """Who owns one namespace."""

    cluster_id: ClusterId
    namespace: NamespaceName
    owner_aliases: list[str] = Field(
        description="Aliases of the owners; teams, no persons.", examples=[["payments-settlement"]]
    )


S = TypeVar("S", bound=Record)


class RegisterEnvelope(Record, Generic[S]):
    """What every register answers with."""

    schema_: str = Field(
        alias="schema",
        description="Name and version of the records' form.",
        examples=["namespace_baseline/1"],
    )
    source_id: str = Field(description="Which system answers.", examples=["namespace-baseline"])
    as_of: Moment = Field(description="The moment that the answer describes, RFC 3339 in UTC.")
    scope: StatedScope = Field(description="What the answer covers.")
    complete: bool = Field(description="Whether nothing within the scope is left out.", examples=[True])
    total: int = Field(ge=0, description="How many records there are within the scope.", examples=[1])
    version: str | None = Field(default=None, description="Version of the register's content.", examples=["4711"])
    records: list[S] = Field(description="The records.")


class NamespaceBaseline(RegisterEnvelope[StatedBaseline]):
    """The register `namespace_baseline`."""

    schema_: Literal["namespace_baseline/1"] = Field(
        alias="schema", description="Schema of the records.", examples=["namespace_baseline/1"]
    )


class PlatformExceptions(RegisterEnvelope[StatedWaiver]):
    """The register `platform_exceptions`."""

    schema_: Literal["platform_exceptions/1"] = Field(
        alias="schema", description="Schema of the records.", examples=["platform_exceptions/1"]
    )


class ClusterInventory(RegisterEnvelope[StatedCluster]):
    """The register `cluster_inventory`."""

    schema_: Literal["cluster_inventory/1"] = Field(
        alias="schema", description="Schema of the records.", examples=["cluster_inventory/1"]
    )


class NamespaceOwnership(RegisterEnvelope[StatedOwnership]):
    """The register `namespace_ownership`."""

    schema_: Literal["namespace_ownership/1"] = Field(
        alias="schema", description="Schema of the records.", examples=["namespace_ownership/1"]
    )
