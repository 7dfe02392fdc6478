"""Prints what a load of tasks came to: `make load`, ARGS="--tasks 200 --namespaces 50 --workers 2 --faults"."""

from __future__ import annotations

import json
import os
import random
import sys
import tempfile
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any, Final

import click
from rich.console import Console
from rich.progress import Progress
from tests.load.faults import Crowd, Trouble, cpu_seconds
from tests.load.latency import by_checkpoint
from tests.load.place import Place, place
from tests.promise import broken, events_of

from runbook_gate.ledger import Store

_BUSY: Final = 0.8
_BUSY_ALONE: Final = 0.6


@click.command()
@click.option("--tasks", default=2000)
@click.option("--namespaces", default=500)
@click.option("--workers", multiple=True, type=int, default=(1, 2, 4, 8), help="Processes; several: one load each.")
@click.option("--concurrency", default=4, help="Runs at once in each process.")
@click.option("--sqlite", is_flag=True, help="A store in a file; else on PostgreSQL.")
@click.option("--faults", is_flag=True, help="Kill workers and sidecars, restart the servers, at random.")
@click.option("--every", default=10.0, help="Mean seconds between two faults.")
@click.option("--seed", type=int, help="Of the faults; default: a new one, which is printed.")
def main(
    tasks: int,
    namespaces: int,
    workers: tuple[int, ...],
    concurrency: int,
    sqlite: bool,
    faults: bool,
    every: float,
    seed: int | None,
) -> None:
    """Load the real API server with tasks, and see that each ends by exactly one run with one writer at a time."""
    wrong = 0
    for number in workers:
        with (
            tempfile.TemporaryDirectory(prefix="runbook-gate-load-") as folder,
            place(Path(folder), postgresql=not sqlite, namespaces=namespaces) as here,
        ):
            crowd = Crowd(here, number, concurrency)
            chosen = seed if seed is not None else random.SystemRandom().randrange(2**32)
            trouble = Trouble(here, crowd, chosen, every) if faults else None
            told = _load(here, -(-tasks // namespaces), crowd, trouble)
            known = {"workers": number, "concurrency": concurrency, "cores": os.cpu_count()}
            met = {"seed": chosen, "faults": dict(trouble.counts)} if trouble else {}
            print(json.dumps({**known, **told, **met}, indent=2))
            wrong += len(told["wrong"])
    sys.exit(min(wrong, 1))


def _load(here: Place, waves: int, crowd: Crowd, trouble: Trouble | None) -> dict[str, Any]:
    spent, busy_s, tasks = defaultdict[str, float](float), 0.0, list[str]()
    try:
        with Progress(console=Console(stderr=True)) as progress:
            bar = progress.add_task(f"{len(crowd.processes)} workers", total=waves * len(here.targets))
            for wave in range(waves):
                here.drop_labels()
                here.state()
                before, began = cpu_seconds(), time.monotonic()
                tasks += here.submit(wave)  # the workers begin with the first of them
                while left := _unfinished(here):
                    progress.update(bar, completed=len(tasks) - left)
                    time.sleep(0.5)
                    if trouble:
                        trouble.go()
                busy_s += time.monotonic() - began
                if not trouble:  # who was killed has taken along what it spent
                    for name, seconds in cpu_seconds().items():
                        spent[name] += seconds - before.get(name, 0)
                here.acknowledge()
    finally:
        crowd.end()
    return _told(here, tasks, len(crowd.processes), busy_s, spent)


def _unfinished(here: Place) -> int:
    with here.store() as store:
        return store.standing().unfinished


def _limit(shares: dict[str, float], cores: int, workers: int) -> str:
    """What keeps it from being faster."""
    busy, each = sum(shares.values()), shares.get("python", 0) * cores / workers
    what = "processors" if busy > _BUSY else "the one interpreter of each worker" if each > _BUSY_ALONE else "waits"
    return f"{what}: {busy:.0%} of {cores} cores were busy, and each worker {each:.0%} of one"


def _codes(store: Store, task: str) -> list[str]:
    """What its run escalated for."""
    ended = store.runs.result(task)
    assert ended is not None
    return [str(denial["code"]) for denial in json.loads(ended.record)["condition"]]


def _told(here: Place, tasks: list[str], workers: int, busy_s: float, spent: dict[str, float]) -> dict[str, Any]:
    with here.store() as store:
        runs = store.runs.list(limit=None)
        packets = [file.stem for file in (here.folder / "packets").glob("*.json")]
        wrong = broken(store, list(events_of(here.cluster.server.audit_log)), packets=packets)
        latency = by_checkpoint(store, [run.id for run in runs])
        reasons = Counter(code for run in runs if run.state == "escalated" for code in _codes(store, run.task))
    if sorted(run.task for run in runs) != sorted(tasks):
        wrong.append("not each task has exactly one run")
    reconciled = here.program("ledger", "reconcile", "--audit", str(here.cluster.server.audit_log))
    if reconciled.returncode:
        wrong.append(f"reconcile ended with {reconciled.returncode}: {(reconciled.stdout + reconciled.stderr)[-500:]}")
    cores = os.cpu_count() or 1
    shares = {name: round(seconds / busy_s / cores, 3) for name, seconds in sorted(spent.items())}
    return {
        "tasks": len(tasks),
        "namespaces": len(here.targets),
        "outcomes": dict(Counter(run.state for run in runs)),
        "escalated_for": dict(reasons),
        "seconds": round(busy_s, 1),
        "runs_per_s": round(len(tasks) / busy_s, 2),
        "latency": latency,
        **({"cpu_share": shares, "limit": _limit(shares, cores, workers)} if shares else {}),
        "wrong": wrong,
    }


if __name__ == "__main__":
    main()
