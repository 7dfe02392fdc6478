"""The completion record: what a finished run proves, and what it cannot."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from runbook_gate.models.base import Closed, Milliseconds, Sha256
from runbook_gate.models.params import FinishParams


class CompletionRecord(Closed):
    """What a completed run leaves behind."""

    schema_: Literal[1] = Field(alias="schema", description="Version of this schema.", examples=[1])
    run: str = Field(description="The run.", examples=["01kq3v"])
    task: str = Field(description="The task.", examples=["restore-psa-0007"])
    runbook: str = Field(description="Runbook and revision.", examples=["MKS-PSA-Label-Restore-v3"])
    target_key: str = Field(
        description="Key of the target.", examples=["mks-us-east-1-prod-03/payments-settlement-prod"]
    )
    completed_ms: Milliseconds = Field(description="When the run ended.")
    attempts: int = Field(description="Write attempts that were intended.", examples=[1])
    verified: FinishParams = Field(description="What was verified, and its limits.")
    ledger_head: Sha256 = Field(description="sha256 of the completed entry.")
    policy_sha256: Sha256 = Field(description="Content digest of the bundle that decided.")
