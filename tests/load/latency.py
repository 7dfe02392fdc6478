"""How long each checkpoint took: from the decision before, or the opening, to its own decision, effects included."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterable

from runbook_gate.ledger import Store


def by_checkpoint(store: Store, runs: Iterable[str]) -> dict[str, dict[str, float]]:
    """Median and 95th percentile in seconds, and of the whole run.

    Args:
        store: the ledger.
        runs: ids.
    """
    taken = defaultdict[str, list[float]](list)
    for run in runs:
        entries = store.runs.entries(run)
        before = entries[0].at_ms
        for entry in entries:
            if entry.kind == "decision":
                taken[str(entry.checkpoint)].append((entry.at_ms - before) / 1000)
                before = entry.at_ms
        taken["run"].append((entries[-1].at_ms - entries[0].at_ms) / 1000)
    return {name: _told(values) for name, values in sorted(taken.items())}


def _told(values: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(values, n=20) if len(values) > 1 else values * 19
    return {"count": len(values), "median_s": round(statistics.median(values), 3), "p95_s": round(cuts[18], 3)}
