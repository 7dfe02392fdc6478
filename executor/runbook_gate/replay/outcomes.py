"""What became of one recorded decision, in words that reports and `--fail-on` share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from runbook_gate.replay.records import Fixture, Recorded, Unreadable

# identical: the same bytes under the recorded OPA binary. identical_elsewhere, equal_elsewhere: the same bytes, or the
# same JSON, under an OPA that is another, or of which the record only claims a version.
# not_recorded: of a fixture.
Reproduction = Literal[
    "identical", "identical_elsewhere", "equal_elsewhere", "not_reproduced", "not_replayable", "not_recorded"
]
Change = Literal["same", "reasons_changed", "next_changed", "verdict_changed", "undefined", "error"]

REPRODUCED: Final[frozenset[Reproduction]] = frozenset({"identical", "identical_elsewhere", "equal_elsewhere"})

# Why a decision is not replayable.
Obstacle = Literal[
    "chain_broken",
    "evidence_missing",
    "evidence_altered",
    "record_disagrees",
    "older_schema",
    "unknown_shape",
    "bundle_missing",
    "bundle_altered",
    "bundle_differs",
    "bundle_refused",
    "bundle_unusable",
]
# Those that say that somebody changed a record, and not only that this program cannot replay it.
ALTERED: Final[frozenset[str]] = frozenset(
    {"chain_broken", "evidence_altered", "record_disagrees", "bundle_altered", "bundle_differs"}
)


@dataclass(frozen=True, slots=True)
class Comparison:
    """How the other decision differs from the first.

    Attributes:
        change: what of it does.
        detail: of an error.
        verdict: of the other decision; None without one.
        codes: of its denials, sorted.
        other: the other decision; None if it is the same, or there is none.
    """

    change: Change
    detail: str | None = None
    verdict: str | None = None
    codes: tuple[str, ...] = ()
    other: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Replayed:
    """What became of one recorded decision.

    Attributes:
        recorded: the decision as its entry says.
        reproduction: whether its own policy gives it again.
        obstacle: why it is not replayable; else None.
        detail: what is not as it should be.
        decision: the first decision of the comparison: the recorded one, or that of the base.
        comparison: with the candidate's; None without candidate, and if it was not reproduced.
        conditional: an earlier decision of the run flipped or is not there, so it would not have come here like this.
        checked: a single request, as the executor makes it, was asked beside the batch.
    """

    recorded: Recorded | Unreadable | Fixture
    reproduction: Reproduction
    obstacle: Obstacle | None = None
    detail: str | None = None
    decision: Mapping[str, Any] | None = None
    comparison: Comparison | None = None
    conditional: bool = False
    checked: bool = False
