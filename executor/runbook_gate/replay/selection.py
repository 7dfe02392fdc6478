"""Which recorded decisions are replayed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Selection:
    """What a decision must be; None, or nothing, admits all.

    Attributes:
        run: the run.
        since_ms: recorded then or later.
        until_ms: recorded before.
        runbook: name of the runbook, with or without its revision.
        revision: revision of the runbook, such as `v3`.
        policy: how the content digest of its bundle begins.
        target: key of the target, or the last part of it.
        verdicts: the verdict, one of these.
        codes: a denial code, one of these.
        checkpoints: the checkpoint, one of these.
    """

    run: str | None = None
    since_ms: int | None = None
    until_ms: int | None = None
    runbook: str | None = None
    revision: str | None = None
    policy: str | None = None
    target: str | None = None
    verdicts: frozenset[str] = frozenset()
    codes: frozenset[str] = frozenset()
    checkpoints: frozenset[str] = frozenset()

    def admits_run(self, run: str, runbook: str, target: str) -> bool:
        """Whether decisions of a run can be among them."""
        name, _, revision = runbook.rpartition("-")
        return (
            self.run in (None, run)
            and self.runbook in (None, runbook, name)
            and self.revision in (None, revision)
            and (self.target is None or target == self.target or target.endswith(f"/{self.target}"))
        )

    def admits(self, *, at_ms: int, verdict: str, codes: Sequence[str], checkpoint: str, policy: str) -> bool:
        """Whether a decision of such a run is among them."""
        return (
            (self.since_ms is None or at_ms >= self.since_ms)
            and (self.until_ms is None or at_ms < self.until_ms)
            and (not self.verdicts or verdict in self.verdicts)
            and (not self.codes or not self.codes.isdisjoint(codes))
            and (not self.checkpoints or checkpoint in self.checkpoints)
            and policy.startswith(self.policy or "")
        )
