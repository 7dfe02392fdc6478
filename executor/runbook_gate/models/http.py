"""What is kept of an answer of the Kubernetes API (records.md, row `HTTP answer`)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from runbook_gate.models.base import Milliseconds, Record

Transport = Literal["answered", "refused", "timed_out", "lost", "not_sent"]


class Cause(Record):
    """One entry of Status.details.causes, without its message."""

    reason: str | None = Field(description="Status.details.causes[].reason.", examples=["FieldValueInvalid"])
    field: str | None = Field(
        description="Status.details.causes[].field.",
        examples=["metadata.labels[pod-security.kubernetes.io/enforce]"],
    )


class Message(Record):
    """What a Status message said, as the id of a known text. The text itself is never kept."""

    pattern: str | None = Field(
        description="Id of the known text it matches, null for any other.", examples=["psa_violation"]
    )
    level_version: str | None = Field(
        description="Pod Security level:version in the text.", examples=["restricted:v1.31"]
    )
    plugin: str | None = Field(
        description="Webhook or admission policy that the text names.", examples=["probe-guard.example.com"]
    )
    length: int = Field(description="Length of the text in characters.", examples=[212])


class Warnings(Record):
    """What the Warning headers said."""

    pod_security: list[str] = Field(
        description="level:version of each `would violate PodSecurity` warning.",
        examples=[["baseline:v1.30"]],
    )
    existing_pods: bool = Field(
        description="Whether a warning about existing pods was there; it names tenants' pods, so it is dropped.",
        examples=[False],
    )
    others: int = Field(description="Count of all other warnings.", examples=[0])


class HttpAnswer(Record):
    """One request to the API server and what came back."""

    endpoint: str = Field(description="Configured name of the API server.", examples=["api-1"])
    outcome: Transport = Field(
        description=(
            "answered: an HTTP status arrived; refused: no connection; timed_out; lost: the connection ended "
            "after the request was sent; not_sent: given up before sending."
        ),
        examples=["answered"],
    )
    status: int | None = Field(description="HTTP status, null without an answer.", examples=[200])
    sent_ms: Milliseconds = Field(description="Wall clock before the request was sent.")
    answered_ms: Milliseconds = Field(description="Wall clock after the answer or the failure.")
    date_ms: Milliseconds | None = Field(description="The Date header, to the second.")
    audit_id: str | None = Field(
        description="The Audit-Id header of the answer.", examples=["3f0ad3a5-2f60-4d5b-8e0a-0f4f9a6f1c55"]
    )
    retry_after_s: int | None = Field(description="The Retry-After header in seconds.", examples=[1])
    reason: str | None = Field(description="Status.reason.", examples=["Conflict"])
    kind: str | None = Field(description="Status.details.kind.", examples=["namespaces"])
    causes: list[Cause] = Field(description="Status.details.causes.", examples=[[]])
    message: Message | None = Field(description="What the Status message said; null without one.")
    warnings: Warnings = Field(description="What the Warning headers of this answer said.")
