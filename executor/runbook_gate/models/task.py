"""The task: one delegated repair, as its submitter writes it and as the ledger keeps it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from runbook_gate.models.base import Closed, Milliseconds, Record, Sha256

Identifier = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$")]
Name = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$")]
Text = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
Assurance = Literal["none", "claimed", "authenticated", "signed"]
LabelKey = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9./_-]{0,316}$")]


def _keys_apart(schema: dict[str, Any]) -> None:
    """`opa check` reads additionalProperties, but not the patternProperties that pydantic writes."""
    [(pattern, value)] = schema.pop("patternProperties").items()
    schema |= {"propertyNames": {"pattern": pattern}, "additionalProperties": value}


DesiredLabels = Annotated[dict[LabelKey, str | None], Field(min_length=1, max_length=32, json_schema_extra=_keys_apart)]


class Drift(Closed):
    """The drift that was prequalified: what the person who approved the repair saw."""

    namespace_uid: Text = Field(
        description="metadata.uid of the namespace that was looked at.",
        examples=["0c7b3c2e-52a5-4d7e-9a0c-6f2a3f6f2c11"],
    )
    labels: DesiredLabels = Field(
        description="The runbook's labels as they were seen, null where absent.",
        examples=[{"pod-security.kubernetes.io/enforce": None}],
    )


class Prequalification(Closed):
    """Who approved the repair, and until when."""

    reference: Text = Field(
        description="Where the approval is recorded, such as a change number.", examples=["CHG-20431"]
    )
    by: Text = Field(description="Who approved, as a name in parties data.", examples=["platform-governance"])
    until_ms: Milliseconds = Field(
        description="End of the approval, milliseconds since the epoch. Task files may say `until` as RFC 3339."
    )


class TaskDocument(Closed):
    """A task as it is submitted."""

    schema_: Literal[1] = Field(alias="schema", description="Version of this schema.", examples=[1])
    id: Identifier = Field(description="Chosen by the submitter; never used twice.", examples=["restore-psa-0007"])
    runbook: Identifier = Field(description="Runbook and revision.", examples=["MKS-PSA-Label-Restore-v3"])
    cluster_id: Name = Field(description="Cluster of the target.", examples=["mks-us-east-1-prod-03"])
    namespace: Name = Field(description="Namespace of the target.", examples=["payments-settlement-prod"])
    owner_alias: Text = Field(description="Owner of the namespace.", examples=["payments-settlement"])
    policy_baseline_version: Text = Field(
        description="Version of the policy baseline that approved the labels.", examples=["psb-2026.07"]
    )
    labels: DesiredLabels = Field(
        description="The approved tuple: every label of the runbook, null where it is left out.",
        examples=[{"pod-security.kubernetes.io/enforce": "restricted"}],
    )
    drift: Drift = Field(description="What was prequalified.")
    retry_budget: int = Field(description="Write attempts in all, as the runbook says.", examples=[2])
    prequalification: Prequalification = Field(description="The approval of this repair.")
    incident: Text | None = Field(
        default=None, description="Incident or ticket that asked for the repair.", examples=["INC-88121"]
    )


class Signature(Record):
    """What is kept of a task's signature."""

    key: Sha256 = Field(description="Id of the key: SHA-256 of its SubjectPublicKeyInfo in DER.")
    envelope_sha256: Sha256 = Field(description="The signed envelope, kept as evidence.")


class Authentication(Record):
    """As whom an API server knows the submitter."""

    authority: Sha256 = Field(
        description="Who vouched for the API server: SHA-256 of its authority's public key in DER."
    )
    username: Annotated[str, Field(min_length=1, max_length=512)] = Field(
        description="The user's name there.", examples=["oidc:governance-bot"]
    )
    audit_id: Sha256 = Field(description="Audit-ID of the request: the digest of the task without its submission.")


class Submission(Record):
    """What `submit` adds: the task never says these of itself."""

    submitter: Text = Field(description="Who submitted, as a name in parties data.", examples=["ci-platform"])
    assurance: Assurance = Field(
        description="How well the prequalification is shown: none, claimed, authenticated, signed.",
        examples=["claimed"],
    )
    submitted_ms: Milliseconds = Field(description="When, milliseconds since the epoch.")
    signature: Signature | None = Field(
        default=None, description="Who signed the task; null where its assurance is not `signed`."
    )
    authentication: Authentication | None = Field(
        default=None, description="As whom an API server knows the submitter; null where none was asked."
    )


class Task(TaskDocument):
    """A task as the ledger keeps it."""

    submission: Submission = Field(description="Added by `submit`.")
