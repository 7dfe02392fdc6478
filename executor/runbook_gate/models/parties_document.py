"""Parties data: policies/parties/data.yaml, what may change without a new runbook revision."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field

from runbook_gate.models.base import Closed
from runbook_gate.models.runbook import Owner


class ListedOwner(Owner):
    """An owner as people write it."""

    model_config = ConfigDict(extra="forbid")


class RunbookParties(Closed):
    """The parties of one runbook revision."""

    owner: ListedOwner = Field(description="Who receives the packets of its runs.")


class Overlay(Closed):
    """What probes carry so that they reach Pod Security Admission. What is left out, the wider overlay says."""

    labels: dict[str, str] = Field(
        default_factory=dict, description="Labels of every probe.", examples=[{"sidecar.istio.io/inject": "false"}]
    )
    annotations: dict[str, str] = Field(
        default_factory=dict, description="Annotations of every probe.", examples=[{"example.com/probe": "yes"}]
    )
    resources: dict[Literal["cpu", "memory"], str] = Field(
        default_factory=dict, description="Requests, and limits of the same size.", examples=[{"cpu": "10m"}]
    )
    image_prefix: str = Field(default="", description="Stands before the image.", examples=["mirror.example.com/"])
    service_account: str | None = Field(
        default=None, description="Service account; null: the namespace's default.", examples=["ledger-probe"]
    )


class ClusterOverlays(Closed):
    """The overlays of one cluster."""

    default: Overlay = Field(default_factory=Overlay, description="For every namespace of the cluster.")
    namespaces: dict[str, Overlay] = Field(
        default_factory=dict, description="By namespace.", examples=[{"payments-ledger-prod": {}}]
    )


class Overlays(Closed):
    """All overlays; the narrower one wins, field by field."""

    default: Overlay = Field(default_factory=Overlay, description="For every cluster.")
    clusters: dict[str, ClusterOverlays] = Field(
        default_factory=dict, description="By cluster.", examples=[{"mks-us-east-1-prod-03": {}}]
    )


class PartiesDocument(Closed):
    """Who may submit and approve, who is responsible, and what probes carry where."""

    submitters: list[str] = Field(description="Who may submit tasks.", examples=[["ci-platform"]])
    prequalifiers: list[str] = Field(description="Who may approve repairs.", examples=[["platform-governance"]])
    keys: dict[str, list[str]] | None = Field(
        default=None,
        description="Public keys of prequalifiers, each PEM; null: none.",
        examples=[{"platform-governance": ["-----BEGIN PUBLIC KEY-----\n..."]}],
    )
    default_owner: ListedOwner = Field(description="Receives the packets of a runbook that is not listed here.")
    runbooks: dict[str, RunbookParties] = Field(
        description="The parties of each runbook revision.", examples=[{"MKS-PSA-Label-Restore-v3": {}}]
    )
    overlays: Overlays = Field(default_factory=Overlays, description="What probes carry where.")
