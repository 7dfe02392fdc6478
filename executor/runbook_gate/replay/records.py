"""Recorded decisions, wherever they come from: the store, or an exported archive."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from runbook_gate.replay.selection import Selection


@dataclass(frozen=True, slots=True)
class Policy:
    """Which policy and which OPA took a decision, as its entry says.

    Attributes:
        content_sha256: content digest of the bundle.
        bundle_sha256: digest of the bundle file.
        opa_version: OPA's version.
        opa_sha256: digest of the opa binary; None unless it was measured.
    """

    content_sha256: str
    bundle_sha256: str
    opa_version: str
    opa_sha256: str | None


@dataclass(frozen=True, slots=True)
class Recorded:
    """One recorded decision, as its entry says.

    Attributes:
        run: the run.
        seq: position of its entry.
        task: the task.
        runbook: runbook and revision.
        target: key of the target.
        checkpoint: which was asked.
        at_ms: when it was recorded.
        head: digest of the entry before, which the input names as its ledger head.
        verdict: the verdict.
        next: the next action.
        codes: codes of the denials, sorted.
        policy: what decided.
        request_sha256: digest of the request body.
        input_sha256: digest of the input in it.
        told_sha256: digest of the input that the entries before this one give; None if they give none.
        answer_sha256: digest of the answer's body.
        result_sha256: digest of the exact bytes of its `result`.
    """

    run: str
    seq: int
    task: str
    runbook: str
    target: str
    checkpoint: str
    at_ms: int
    head: str
    verdict: str
    next: Mapping[str, Any]
    codes: tuple[str, ...]
    policy: Policy
    request_sha256: str
    input_sha256: str
    told_sha256: str | None
    answer_sha256: str
    result_sha256: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A decision of which the chain does not show what was recorded.

    Attributes:
        run: the run.
        seq: position of the entry.
        runbook: runbook and revision, as the index says.
        target: key of the target, as the index says.
        detail: what is wrong.
    """

    run: str
    seq: int
    runbook: str
    target: str
    detail: str


@dataclass(frozen=True, slots=True)
class Fixture:
    """A decision case: an input that nobody asked, so there is nothing to reproduce.

    Attributes:
        run: path of the case.
        seq: 0.
        runbook: of its task, if it has one.
        target: empty.
    """

    run: str
    seq: int = 0
    runbook: str = ""
    target: str = ""


class Records(Protocol):
    """Where recorded decisions come from. Nothing of it is trusted: all digests are checked by who reads."""

    @property
    def name(self) -> str:
        """For people."""
        ...

    def count(self, selection: Selection) -> int:
        """At most how many decisions `decisions` gives, quickly, for a progress bar."""
        ...

    def decisions(self, selection: Selection) -> Iterator[Recorded | Unreadable]:
        """The selected decisions, run after run, each run's in order, its chain checked."""
        ...

    def evidence(self, digests: Collection[str]) -> Mapping[str, bytes]:
        """Evidence by digest, a bundle file too; what is not kept is left out. The bytes are not checked."""
        ...
