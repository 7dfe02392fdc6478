"""What a machine came to: how many steps, of which kinds, and how runs ended."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from tests.statemachine.executors import Executors


@dataclass
class Tally:
    """What a whole test came to."""

    examples: int = 0
    rules: Counter[str] = field(default_factory=Counter)
    acts: Counter[str] = field(default_factory=Counter)
    processes: Counter[str] = field(default_factory=Counter)
    runs: Counter[str] = field(default_factory=Counter)
    writes: Counter[str] = field(default_factory=Counter)

    def add(self, executors: Executors) -> None:
        """Add a world that came to its end."""
        self.examples += 1
        self.acts += executors.world.acted
        self.processes += executors.outcomes
        with executors.world.open() as store:
            for run in store.runs.list():
                entries = store.runs.entries(run.id)
                self.runs[" ".join([entries[-1].kind, *entries[-1].body.get("codes", [])])] += 1
                self.writes[f"{sum(entry.kind == 'intent' for entry in entries)} intents"] += 1

    def __str__(self) -> str:
        lines = [f"{self.rules.total()} steps in {self.examples} worlds"]
        for name in ("rules", "acts", "processes", "runs", "writes"):
            counted: Counter[str] = getattr(self, name)
            lines.append(f"  {name}: {', '.join(f'{number} {what}' for what, number in counted.most_common())}")
        return "\n".join(lines)
