"""A runbook's data: policies/runbooks/<runbook>/data.yaml. Except for its routing only Rego reads it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ConfigDict, Field

from runbook_gate.models.base import Closed
from runbook_gate.models.decision import Checkpoint, Verdict
from runbook_gate.models.runbook import RoutingData

Level = Literal["privileged", "baseline", "restricted"]


class Candidate(Closed):
    """One action that may follow; of all candidates exactly one must have defined params."""

    action: str = Field(description="Action, a folder of policies/actions/.", examples=["gather"])
    checkpoint: Checkpoint | None = Field(description="Checkpoint asked after it.", examples=["cp1"])
    step: str | None = Field(default=None, description="Step that goes on; default: the same.", examples=["restore"])


class CheckpointTable(Closed):
    """What is checked at one checkpoint, and what may follow."""

    stops_at_deadline: bool = Field(
        default=False, description="Whether nothing passes here past the run's deadline.", examples=[True]
    )
    judges: str | None = Field(
        default=None, description="Effect whose newest observation is judged.", examples=["gather"]
    )
    checks: list[str] = Field(description="Checks, folders of policies/checks/.", examples=[["waiver_absence"]])
    pass_: Literal["proceed", "complete"] = Field(
        alias="pass", description="Verdict when every check passes.", examples=["proceed"]
    )
    next: dict[Verdict, list[Candidate]] = Field(
        description="Candidates for the next action, by verdict.",
        examples=[{"proceed": [{"action": "gather", "checkpoint": "cp1"}]}],
    )
    answers: dict[str, Literal["wait", "retry"]] = Field(
        default_factory=dict,
        description="Codes that are not final, and what answers them.",
        examples=[{"register_agreement.unanswered": "wait"}],
    )


class RegisterExpectation(Closed):
    """What is expected of a register's answer."""

    source_id: str = Field(description="System that must answer.", examples=["namespace-baseline"])
    schema_id: str = Field(description="Schema of its envelope.", examples=["namespace_baseline/1"])
    max_age_ms: int = Field(description="Oldest acceptable answer, in milliseconds.", examples=[900000])


class Waivers(Closed):
    """How a waiver is recognised as closed."""

    register_: str = Field(alias="register", description="Register of waivers.", examples=["platform_exceptions"])
    closed: list[str] = Field(description="The only statuses that close a waiver.", examples=[["closed"]])


class Drift(Closed):
    """Which live values a repair may meet."""

    admit: list[Literal["approved", "prequalified"]] = Field(
        description="Values that a live label may have; any other may be somebody's newer decision.",
        examples=[["approved", "prequalified"]],
    )


class Outcomes(Closed):
    """Raw signals of a write: a status, `status reason`, or a transport outcome. Every other signal is final."""

    applied: list[str] = Field(description="The write was stored.", examples=[["200"]])
    conflict: list[str] = Field(description="Another resourceVersion was there.", examples=[["409 Conflict"]])
    api_timeout: list[str] = Field(description="The outcome is not known.", examples=[["504"]])


class LevelVersion(Closed):
    """A Pod Security level and version."""

    level: Level = Field(description="The level.", examples=["privileged"])
    version: str = Field(description="The version.", examples=["latest"])


class ModeLabels(Closed):
    """The two labels of one mode."""

    level: str = Field(description="Label of the level.", examples=["pod-security.kubernetes.io/enforce"])
    version: str = Field(description="Label of the version.", examples=["pod-security.kubernetes.io/enforce-version"])


class Modes(Closed):
    """The labels of each mode of Pod Security Admission."""

    enforce: ModeLabels = Field(description="Mode enforce.")
    audit: ModeLabels = Field(description="Mode audit.")
    warn: ModeLabels = Field(description="Mode warn.")


class Limits(Closed):
    """Windows and thresholds, in milliseconds."""

    skew: int = Field(description="Largest difference of clocks.", examples=[5000])
    go: int = Field(description="How long a go to write is good for, at most 30000.", le=30_000, examples=[10000])
    settle: int = Field(description="Before a write without an answer is judged.", examples=[10000])
    window: int = Field(description="For verification, from the first answered round.", examples=[60000])
    audit: int = Field(description="For audit evidence.", examples=[45000])
    pause: dict[Checkpoint, int] = Field(description="Length of a wait, by checkpoint.", examples=[{"cp3": 5000}])
    between_rounds: int = Field(description="Between two rounds that count.", examples=[5000])


class ProbeRow(Closed):
    """One dry-run creation of each round."""

    name: str = Field(description="Name in records.", examples=["P1"])
    resource: Literal["pods", "podtemplates"] = Field(description="What is created.", examples=["pods"])
    pod: str = Field(description="Pod of `pods` that is used.", examples=["violating"])
    shows: str = Field(description="Rule that judges the answer.", examples=["rejected"])


class RunbookDocument(RoutingData):
    """Everything that a policy author states of one revision."""

    model_config = ConfigDict(extra="forbid")

    title: str = Field(description="What it repairs.", examples=["Restore the labels of a namespace"])
    status: Literal["active", "superseded"] = Field(description="Whether new tasks may name it.", examples=["active"])
    successor: str | None = Field(
        description="Revision to use instead; null if active.", examples=["MKS-PSA-Label-Restore-v3"]
    )
    checkpoints: dict[str, dict[Checkpoint, CheckpointTable]] = Field(
        description="Tables by step and checkpoint.", examples=[{"restore": {}}]
    )
    lineages: list[list[str]] | None = Field(
        default=None,
        description="Decisions of a completed run, `step checkpoint verdict next`, without waits.",
        examples=[[["restore cp0 proceed cp1"]]],
    )
    assurance: list[str] | None = Field(
        default=None, description="Assurances of a prequalification that suffice.", examples=[["claimed"]]
    )
    registers: dict[str, RegisterExpectation] | None = Field(
        default=None, description="What is expected of each register.", examples=[{}]
    )
    agreement: dict[str, list[str]] | None = Field(
        default=None,
        description="Fields that each register states and that agree with the task.",
        examples=[{"cluster_inventory": ["cluster_id"]}],
    )
    inventory: str | None = Field(
        default=None, description="Register that states the cluster's uid.", examples=["cluster_inventory"]
    )
    waivers: Waivers | None = Field(default=None, description="How a waiver is recognised as closed; null: unused.")
    drift: Drift | None = Field(default=None, description="Admitted drift; without it no live value is admitted.")
    reconcilers: list[str] | None = Field(
        default=None, description="Field managers that are not overruled.", examples=[["helm-controller"]]
    )
    outcomes: Outcomes | None = Field(default=None, description="Raw signals of a write by class; null: unused.")
    never_sent: list[str] | None = Field(
        default=None, description="Signals after which nothing can land any more.", examples=[["not_sent"]]
    )
    conflicts: int | None = Field(default=None, description="Conflicts that are tried again.", examples=[1])
    retries: int | None = Field(default=None, description="Decisions to retry, at most.", examples=[2])
    rounds: int | None = Field(default=None, description="Good rounds in a row.", examples=[2])
    audit: Literal["required", "optional"] | None = Field(
        default=None, description="Whether probes need audit evidence.", examples=["required"]
    )
    absent: LevelVersion | None = Field(default=None, description="What holds where a label is left out.")
    modes: Modes | None = Field(default=None, description="The labels of each mode; null: unused.")
    verification_limits: list[str] | None = Field(
        default=None,
        description="What a completion says that it cannot show.",
        examples=[["exemptions of other users are invisible"]],
    )
    limits_ms: Limits | None = Field(default=None, description="Windows and thresholds of this revision.")
    probes: list[ProbeRow] | None = Field(default=None, description="The probe set, in order.")
    pod_labels: dict[str, str] | None = Field(
        default=None, description="Labels of every probe.", examples=[{"app.kubernetes.io/managed-by": "runbook-gate"}]
    )
    image: str | None = Field(
        default=None,
        description="Image that the probes name; it is never pulled.",
        examples=["registry.k8s.io/pause:3.10"],
    )
    violations: list[str] | None = Field(
        default=None, description="Paths of a violating pod that make it one.", examples=[["hostNetwork"]]
    )
    pods: dict[str, dict[str, Any]] | None = Field(
        default=None, description="Pod specs by name.", examples=[{"compliant": {}}]
    )
    own: dict[str, Any] | None = Field(
        default=None,
        description="What only this runbook's own checks and actions read; anything else has to be known here.",
        examples=[{"label_of": {"announce": "example.com/tier"}}],
    )
