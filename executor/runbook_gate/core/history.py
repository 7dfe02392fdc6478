"""Questions to a run's entries.

- Entries are in order and belong to one run; the first is `opened`.
- `repinned` draws a line: facts and decisions before it no longer count. It stands before the first intent, so
  no attempt ever lies behind the line; intents are looked for in all entries all the same.
- `no_decision` counts for nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from runbook_gate.models.bodies import DecisionBody
from runbook_gate.models.entry import Entry
from runbook_gate.models.runbook import Opened, Pins


@dataclass(frozen=True)
class AttemptEntries:
    """One write attempt: its intent, and what the request brought if that was recorded."""

    intent: Entry
    observation: Entry | None


@dataclass(frozen=True)
class History:
    """A run as its entries tell it."""

    entries: Sequence[Entry]

    @classmethod
    def of(cls, entries: Iterable[Mapping[str, Any]]) -> History:
        """A run whose entries were read as plain fields.

        Raises:
            ValidationError: if one is of another schema.
        """
        return cls([Entry.model_validate(fields) for fields in entries])

    @cached_property
    def opened(self) -> Opened:
        """How the run was opened."""
        return Opened.model_validate(self.entries[0].body)

    def before(self, seq: int) -> History:
        """The run as it was before an entry."""
        return self._of_the_same_run(self.entries[: seq - 1])

    def followed_by(self, entry: Entry) -> History:
        """The run with one more entry."""
        return self._of_the_same_run([*self.entries, entry])

    def _of_the_same_run(self, entries: Sequence[Entry]) -> History:
        other = History(entries)
        vars(other)["opened"] = self.opened  # it stays the same, and reading it takes longer than all else
        return other

    @property
    def newest(self) -> Entry:
        """The newest entry; its hash is the ledger head."""
        return self.entries[-1]

    @cached_property
    def current(self) -> Sequence[Entry]:
        """The entries since the run was last pinned."""
        lines = [index for index, entry in enumerate(self.entries) if entry.kind == "repinned"]
        return self.entries[lines[-1] :] if lines else self.entries

    @property
    def pins(self) -> Pins:
        """The policy that decides this run now."""
        first = self.current[0]
        return Pins.model_validate(first.body["pins"])

    @property
    def step(self) -> str:
        """The step that is under way."""
        decision = self.decision
        return str(decision.body["next"]["step"]) if decision else self.opened.routing.steps[0]

    @property
    def decision(self) -> Entry | None:
        """The newest decision."""
        return self.last("decision")

    @property
    def decided(self) -> DecisionBody | None:
        """The newest decision's body."""
        return DecisionBody.model_validate(self.decision.body) if self.decision else None

    @property
    def end(self) -> Entry | None:
        """`completed` or `escalated`, if the run ended."""
        return self.newest if self.newest.kind in {"completed", "escalated"} else None

    def last(self, kind: str) -> Entry | None:
        """The newest entry of a kind since the run was last pinned."""
        return next((entry for entry in reversed(self.current) if entry.kind == kind), None)

    def decisions(self) -> Iterator[Entry]:
        """Every decision since the run was last pinned, in order."""
        return (entry for entry in self.current if entry.kind == "decision")

    def observations(self, effect: str, *, step: str, after: int = 0) -> Iterator[Entry]:
        """Observations of an effect in a step, newer than a position, in order."""
        return (
            entry
            for entry in self.current
            if entry.kind == "observation"
            and entry.step == step
            and entry.seq > after
            and entry.body["effect"] == effect
        )

    def attempts(self, step: str) -> list[AttemptEntries]:
        """The write attempts of a step, in order."""
        writes = {name for name, kind in self.opened.routing.effects.items() if kind == "write"}
        seen: dict[str, Entry] = {
            str(entry.body["intent"]): entry
            for entry in self.entries
            if entry.kind == "observation" and entry.body["effect"] in writes
        }
        return [
            AttemptEntries(entry, seen.get(entry.sha256))
            for entry in self.entries
            if entry.kind == "intent" and entry.step == step
        ]

    def rounds(self, step: str) -> list[Entry]:
        """Observations of round-wise effects of a step since its newest intent, in order."""
        intents = [entry.seq for entry in self.current if entry.kind == "intent" and entry.step == step]
        effects = [name for name, kind in self.opened.routing.effects.items() if kind == "round"]
        after = max(intents, default=0)
        found = [entry for effect in effects for entry in self.observations(effect, step=step, after=after)]
        return sorted(found, key=lambda entry: entry.seq)

    def attempts_made(self) -> int:
        """How many writes were intended in the whole run, whatever became of them."""
        return sum(entry.kind == "intent" for entry in self.entries)

    def unresolved(self) -> bool:
        """Whether the newest intent has no later cp2 decision of its step."""
        intent = next((entry for entry in reversed(self.entries) if entry.kind == "intent"), None)
        return intent is not None and not any(
            entry.seq > intent.seq and (entry.checkpoint, entry.step) == ("cp2", intent.step)
            for entry in self.decisions()
        )

    def params_of(self, action: str) -> dict[str, Any] | None:
        """Params of the newest decision that asked for an action in the step that is under way."""
        for entry in reversed(list(self.decisions())):
            following = entry.body["next"]
            if (following["action"], following["step"]) == (action, self.step):
                params: dict[str, Any] = following["params"]
                return params
        return None
