"""Bodies of the ledger entries that are not observations (records.md, `Ledger entry`)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from runbook_gate.models.base import Closed, Milliseconds, Sha256
from runbook_gate.models.decision import Checkpoint, Next, Verdict
from runbook_gate.models.params import FinishParams
from runbook_gate.models.runbook import Pins


class Request(Closed):
    """What was asked. The bytes themselves are evidence."""

    path: str = Field(description="Path of the request.", examples=["/v1/data/gate/decision"])
    query: str = Field(description="Query of the request.", examples=["provenance=true&strict-builtin-errors=true"])
    body_sha256: Sha256 = Field(description="Digest of the exact request body.")
    input_sha256: Sha256 = Field(description="Digest of the decision input within it.")


class Answer(Closed):
    """What came back. The bytes themselves are evidence."""

    status: int | None = Field(description="HTTP status; null without an answer.", examples=[200])
    body_sha256: Sha256 | None = Field(description="Digest of the exact answer body; null without one.")
    result_sha256: Sha256 | None = Field(description="Digest of the exact bytes of `result`; null without one.")


class DecisionBody(Closed):
    """An accepted decision, inside the fence."""

    request: Request = Field(description="What was asked.")
    answer: Answer = Field(description="What came back.")
    pins: Pins = Field(description="The policy and the OPA that decided.")
    verdict: Verdict = Field(description="The verdict.", examples=["proceed"])
    next: Next = Field(description="What is to be done next.")
    codes: list[str] = Field(description="Codes of the denials, sorted, each once.", examples=[[]])


class NoDecisionBody(Closed):
    """An answer that was not acted on. It counts for neither lineage nor retry."""

    code: str = Field(description="Stable name of the reason.", examples=["no_decision.unreachable"])
    request: Request = Field(description="What was asked.")
    answer: Answer = Field(description="What came back, if anything.")


class RepinnedBody(Closed):
    """The run goes on under another bundle: cp0 is asked again, older facts are ignored."""

    pins: Pins = Field(description="The new policy and OPA.")


class CompletedBody(Closed):
    """The completion record of a run."""

    decision: Sha256 = Field(description="The decision entry that completed the run.")
    record: FinishParams = Field(description="What was verified, and its limits.")


class EscalatedBody(Closed):
    """The run's cp4 record when it escalates."""

    origin: Checkpoint = Field(description="Checkpoint where it ended.", examples=["cp1"])
    codes: list[str] = Field(
        description="Condition: codes of the denials, sorted.", examples=[["waiver_absence.open_waiver"]]
    )
    decision: Sha256 | None = Field(
        description="The decision entry that escalated; null past the deadline with no decision to be had."
    )
    write_in_doubt: bool = Field(
        description="Whether an attempt was made whose outcome was never resolved.", examples=[False]
    )
    basis: Literal["decision", "deadline_no_decision"] = Field(description="Who ended it.", examples=["decision"])
    at_ms: Milliseconds = Field(description="When it ended.")
