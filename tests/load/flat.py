"""What a store full of finished runs costs: a run, a claim, and a `run --next` with nothing due.

Beside a store with a few finished runs; in a file, and on a server. The two stores take turns, so that whatever else
the machine does slows down both.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from tests.fakes.runs import LittleWorld
from tests.load.filling import fill
from tests.postgresql.databases import DATABASES

from runbook_gate import resources
from runbook_gate.engine.narration import Silent
from runbook_gate.gate.build import build
from runbook_gate.gate.sidecar import Sidecar
from runbook_gate.localcluster import find_tool
from runbook_gate.queue import run_next
from runbook_gate.session import Session
from runbook_gate.stores import store_place

_REPETITIONS: Final = 20


def measure(folder: Path, finished: int) -> dict[str, Any]:
    """Medians in seconds before and after a store is filled, and their ratios, by kind of store."""
    opa = find_tool("opa")
    bundle = build(resources.policies(), opa=opa)
    told = {}
    with Sidecar(opa, bundle) as sidecar:
        for kind in ("sqlite", "postgresql"):
            DATABASES.chosen = kind == "postgresql"
            few, many = (LittleWorld(_made(folder / kind / name), bundle, sidecar) for name in ("few", "many"))
            print(f"{kind}: filling a store with {finished} finished runs", file=sys.stderr)
            told[kind] = _compared(few, many, finished)
    return told


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder


def _compared(few: LittleWorld, many: LittleWorld, finished: int) -> dict[str, Any]:
    for world in (few, many):
        _begin(world)
    fill(store_place(few.settings), 0)  # a server knows its tables by statistics, which make a plan's time too
    there = fill(store_place(many.settings), finished)
    costs = [(_costs(few, number), _costs(many, number)) for number in range(_REPETITIONS)]
    medians = [
        {what: statistics.median(pair[which][what] for pair in costs) for what in costs[0][0]} for which in (0, 1)
    ]
    return {
        "finished_runs": there,
        "few_s": {what: round(seconds, 5) for what, seconds in medians[0].items()},
        "many_s": {what: round(seconds, 5) for what, seconds in medians[1].items()},
        "ratio": {what: round(seconds / medians[0][what], 2) for what, seconds in medians[1].items()},
    }


def _begin(world: LittleWorld) -> None:
    """One run that completed, and one that escalated and was resolved."""
    world.submit("first-complete", "first-complete")
    world.run("first-complete")
    world.submit("first-escalated", "first-escalated")
    world.waive("first-escalated", {"id": "EXC-1", "status": "open"})
    ended = world.run("first-escalated")
    with world.open() as store:
        store.escalations.resolve(str(ended.packet), actor="leah", note="done")


def _costs(world: LittleWorld, number: int) -> dict[str, float]:
    """Of a claim, of a run, whose clock needs no waiting, and of looking for a task in vain."""
    task = f"task-{number}"
    world.submit(task, task)
    with world.open() as store:
        claim = _seconds(lambda: store.tasks.claim("a"))
    run = _seconds(lambda: world.run(task))
    with world.open() as store:
        session = Session(world.settings, store, Silent(), clock=world.clock)
        return {"claim": claim, "run": run, "run_next": _seconds(lambda: run_next(session))}


def _seconds(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    try:
        with tempfile.TemporaryDirectory(prefix="runbook-gate-flat-") as place:
            print(json.dumps(measure(Path(place), int(sys.argv[1]) if len(sys.argv) > 1 else 100_000), indent=2))
    finally:
        DATABASES.close()
