"""Which runs a question is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from runbook_gate.models.runbook import Pins
from runbook_gate.queries.records import State, Told, Untold
from runbook_gate.replay.selection import Selection


@dataclass(frozen=True, slots=True)
class RunSelection:
    """What a run must be; None, or nothing, admits all. A run that cannot be read is never left out for its contents.

    Attributes:
        outcomes: active, complete or escalated, one of these.
        runbook: name of the runbook, with or without its revision.
        revision: revision of the runbook, such as `v3`.
        target: key of the target, or the last part of it.
        codes: a code of a denial in one of its decisions, one of these.
        since_ms: opened then or later.
        until_ms: opened before.
        actor: who submitted, prequalified, acted, acknowledged or resolved.
        policy: how the content or bundle digest of one of its policies begins.
    """

    outcomes: frozenset[State] = frozenset()
    runbook: str | None = None
    revision: str | None = None
    target: str | None = None
    codes: frozenset[str] = frozenset()
    since_ms: int | None = None
    until_ms: int | None = None
    actor: str | None = None
    policy: str | None = None

    def admits(self, run: Told | Untold, people: Mapping[str, str]) -> bool:
        """Whether a run is among them.

        Args:
            run: the run.
            people: who had to do with it, by what they did.
        """
        named = Selection(runbook=self.runbook, revision=self.revision, target=self.target)
        if not named.admits_run(run.id, run.runbook, run.target_key):
            return False
        return isinstance(run, Untold) or self._admits(run, people)

    def _admits(self, run: Told, people: Mapping[str, str]) -> bool:
        return (
            (not self.outcomes or run.state in self.outcomes)
            and (not self.codes or not self.codes.isdisjoint(run.codes))
            and (self.since_ms is None or run.opened_ms >= self.since_ms)
            and (self.until_ms is None or run.opened_ms < self.until_ms)
            and (self.actor is None or self.actor in {*people.values(), *people.get("acted", "").split(", ")})
            and (self.policy is None or any(begins(pins, self.policy) for _, pins in run.policies))
        )


def begins(pins: Pins, digits: str) -> bool:
    """Whether the content or the bundle digest of a policy begins so."""
    return pins.content_sha256.startswith(digits) or pins.bundle_sha256.startswith(digits)
