"""The gate's answer."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from runbook_gate.models.base import Closed, Milliseconds, Sha256

Verdict = Literal["proceed", "retry", "wait", "complete", "escalate"]
Checkpoint = Literal["cp0", "cp1", "cp2", "cp3", "cp4"]


class Denial(Closed):
    """Why a check does not pass."""

    code: str = Field(
        description="Stable name, `<check>.<short_name>`.",
        pattern=r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$",
        examples=["waiver_absence.open_waiver"],
    )
    message: str = Field(description="What is wrong.", examples=["A waiver for the target is not closed"])
    solution: str = Field(description="How to mend it.", examples=["Close the waiver in its register."])
    facts: dict[str, Any] = Field(
        description="The facts that led there: path in the input, and its value.",
        examples=[{"input.registers.platform_exceptions.total": 2}],
    )


class Next(Closed):
    """What is to be done next."""

    action: str = Field(description="Name of the action.", examples=["patch_labels"])
    step: str = Field(description="Step of the runbook that goes on.", examples=["restore"])
    checkpoint: Checkpoint | None = Field(
        description="Checkpoint asked after the action; null when the run ends.", examples=["cp2"]
    )
    until_ms: Milliseconds | None = Field(description="On wait: not before this moment. Else null.")
    params: dict[str, Any] = Field(description="Params of the action.", examples=[{}])


class Decision(Closed):
    """The one document the executor asks for: `data.gate.decision`."""

    schema_: Literal[1] = Field(alias="schema", description="Version of this schema.", examples=[1])
    run_id: str = Field(description="Echo of the input.", examples=["01kq3v"])
    step: str = Field(description="Echo of the input.", examples=["restore"])
    checkpoint: Checkpoint = Field(description="Echo of the input.", examples=["cp1"])
    ledger_head: Sha256 = Field(description="Echo of the input.")
    input_sha256: Sha256 = Field(description="Digest that the gate computed over its input.")
    runbook: str = Field(description="The runbook that decided.", examples=["MKS-PSA-Label-Restore-v3"])
    verdict: Verdict = Field(description="The verdict.", examples=["proceed"])
    next: Next = Field(description="What the executor does now.")
    denials: list[Denial] = Field(description="Every denial of every check, sorted.")
