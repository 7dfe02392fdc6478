"""Runs as a question sees them: checked, with their bodies as models, or with the reason why they cannot be read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from pydantic import ValidationError

from runbook_gate.core.history import History
from runbook_gate.ledger.streaming import Reading, WalkedRun
from runbook_gate.models.bodies import DecisionBody, EscalatedBody, RepinnedBody
from runbook_gate.models.runbook import Pins

State = Literal["active", "complete", "escalated"]
_BODIES: dict[str, type[DecisionBody | EscalatedBody]] = {"decision": DecisionBody, "escalated": EscalatedBody}
_STATES: dict[str, State] = {"completed": "complete", "escalated": "escalated"}


@dataclass(frozen=True)
class Told:
    """A run whose entries agree with each other.

    Attributes:
        id: the run.
        runbook: runbook and revision.
        target_key: what it repairs.
        history: its entries.
        record_sha256: digest of its packet or completion record; None before its end.
    """

    id: str
    runbook: str
    target_key: str
    history: History
    record_sha256: str | None = None

    @property
    def state(self) -> State:
        """Whether and how it ended."""
        return _STATES.get(self.history.newest.kind, "active")

    @property
    def opened_ms(self) -> int:
        """When it was opened."""
        return self.history.entries[0].at_ms

    @property
    def ended_ms(self) -> int | None:
        """When it ended; None before."""
        return self.history.newest.at_ms if self.state != "active" else None

    @cached_property
    def policies(self) -> Sequence[tuple[int, Pins]]:
        """Each policy that the run was pinned to, and from which entry on."""
        first = (1, self.history.opened.pins)
        later = [entry for entry in self.history.entries if entry.kind == "repinned"]
        return [first, *((entry.seq, RepinnedBody.model_validate(entry.body).pins) for entry in later)]

    @property
    def codes(self) -> list[str]:
        """Every code of a denial in any of its decisions, sorted, and what the executor escalated with."""
        said = [entry.body["codes"] for entry in self.history.entries if entry.kind in ("decision", "escalated")]
        return sorted({code for codes in said for code in codes})


@dataclass(frozen=True)
class Untold:
    """A run that cannot be read.

    Attributes:
        id: the run.
        runbook: as the index says.
        target_key: as the index says.
        why: the first break of its chain, or that its entries are of another schema.
    """

    id: str
    runbook: str
    target_key: str
    why: str


def read(reading: Reading) -> Iterator[Told | Untold]:
    """Read every run, oldest first."""
    return map(told, reading.runs())


def told(run: WalkedRun) -> Told | Untold:
    """A run that was walked."""
    if run.broken or not run.entries:
        return Untold(run.id, run.runbook, run.target_key, f"chain broken: {run.broken}")
    try:
        history = History.of(run.entries)
        found = Told(run.id, run.runbook, run.target_key, history, run.record_sha256)
        _ = found.policies  # the bodies that every question reads
        for entry in history.entries:
            if entry.kind in _BODIES:
                _BODIES[entry.kind].model_validate(entry.body)
    except ValidationError:
        return Untold(run.id, run.runbook, run.target_key, "its entries are of another schema")
    return found
