"""What a store full of finished runs costs: a run, a claim, and a `run --next` with nothing due.

Beside a store where each target had one run; in a file, and on a server. In the full one the targets of the measured
runs had as many as every other, 200 of 100,000. The two stores take turns, so that whatever else the machine does slows
down both. Ends with 1 if anything costs more than the limit.

Left out: all but the newest finished run of a target have `{}` for the content of their entries and their evidence, so
neither their bytes nor reading them is measured; cluster and clock are in memory.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from tests.fakes.runs import LittleWorld
from tests.load.filling import fill
from tests.postgresql.databases import DATABASES

from runbook_gate import resources
from runbook_gate.engine.narration import Silent
from runbook_gate.gate.build import build
from runbook_gate.gate.sidecar import Sidecar
from runbook_gate.ledger import Finished
from runbook_gate.localcluster import find_tool
from runbook_gate.queue import run_next
from runbook_gate.session import Session
from runbook_gate.stores import store_place

LIMIT: Final = 1.2
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
    """A run of each target: every other one completed, the rest escalated and was resolved."""
    for number in range(_REPETITIONS):
        task = f"first-{number}"
        world.submit(task, _namespace(number))
        if number % 2:
            world.waive(task, {"id": "EXC-1", "status": "open"})
        ended = world.run(task)
        if ended.packet:
            with world.open() as store:
                store.escalations.resolve(ended.packet, actor="leah", note="done")


def _namespace(number: int) -> str:
    return f"payments-{number}"


def _costs(world: LittleWorld, number: int) -> dict[str, float]:
    """Of a claim, of a run, whose clock needs no waiting, and of looking for a task in vain."""
    task = f"task-{number}"
    world.submit(task, _namespace(number))
    with world.open() as store:
        claim = _seconds(lambda: store.tasks.claim("a"))
    ended = list[Finished]()
    run = _seconds(lambda: ended.append(world.run(task)))
    if ended[0].outcome != "complete":  # an escalation is cheaper, and a broken chain before it is one
        raise AssertionError(f"the run to measure ended {ended[0].outcome}")
    with world.open() as store:
        session = Session(world.settings, store, Silent(), clock=world.clock)
        return {"claim": claim, "run": run, "run_next": _seconds(lambda: run_next(session))}


def _seconds(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def beyond(told: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Say what costs more than the limit.

    Args:
        told: what `measure` returns.
    """
    return [
        f"{kind}: {what} costs {ratio} times as much, more than {LIMIT}"
        for kind, figures in told.items()
        for what, ratio in figures["ratio"].items()
        if ratio > LIMIT
    ]


def main(finished: int) -> int:
    """Measure and print; the exit status."""
    try:
        with tempfile.TemporaryDirectory(prefix="runbook-gate-flat-") as place:
            told = measure(Path(place), finished)
    finally:
        DATABASES.close()
    print(json.dumps(told, indent=2))
    for sentence in (found := beyond(told)):
        print(sentence, file=sys.stderr)
    return min(len(found), 1)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000))
