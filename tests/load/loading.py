"""One load: tasks for every namespace, wave after wave, and what it came to."""

from __future__ import annotations

import os
import time
from collections import Counter, defaultdict
from typing import Any, Final

from rich.console import Console
from rich.progress import Progress
from tests.load.faults import Crowd, Trouble, cpu_seconds
from tests.load.judging import ended_in, misdone
from tests.load.latency import by_checkpoint
from tests.load.place import Place
from tests.promise import broken, events_of

_BUSY: Final = 0.8
_BUSY_ALONE: Final = 0.6


def load(here: Place, waves: int, crowd: Crowd, trouble: Trouble | None = None) -> dict[str, Any]:
    """Submit the tasks, wait until their runs have ended, and look at everything that they left.

    Args:
        here: where.
        waves: tasks for each namespace.
        crowd: who carries them out; ended afterwards.
        trouble: what happens meanwhile.

    Returns:
        What it came to; under `wrong` a sentence for each thing that is.
    """
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
    struck = dict(trouble.counts) if trouble else {}
    return _told(here, tasks, struck) | _speed(len(tasks), len(crowd.processes), busy_s, spent)


def _unfinished(here: Place) -> int:
    with here.store() as store:
        return store.standing().unfinished


def _told(here: Place, tasks: list[str], struck: dict[str, int]) -> dict[str, Any]:
    with here.store() as store:
        runs = store.runs.list(limit=None)
        packets = [file.stem for file in (here.folder / "packets").glob("*.json")]
        wrong = broken(store, list(events_of(here.cluster.server.audit_log)), packets=packets)
        latency = by_checkpoint(store, [run.id for run in runs])
        ended = ended_in(store)
    wrong += misdone(tasks, ended, struck)
    reconciled = here.program("ledger", "reconcile", "--audit", str(here.cluster.server.audit_log))
    if reconciled.returncode:
        wrong.append(f"reconcile ended with {reconciled.returncode}: {(reconciled.stdout + reconciled.stderr)[-500:]}")
    return {
        "tasks": len(tasks),
        "namespaces": len(here.targets),
        "outcomes": dict(Counter(run.state for run in runs)),
        "escalated_for": dict(Counter(code for run in ended for code in sorted(run.codes))),
        "latency": latency,
        "wrong": wrong,
    }


def _speed(tasks: int, workers: int, busy_s: float, spent: dict[str, float]) -> dict[str, Any]:
    cores = os.cpu_count() or 1
    shares = {name: round(seconds / busy_s / cores, 3) for name, seconds in sorted(spent.items())}
    limit = {"cpu_share": shares, "limit": _limit(shares, cores, workers)} if shares else {}
    return {"seconds": round(busy_s, 1), "runs_per_s": round(tasks / busy_s, 2), **limit}


def _limit(shares: dict[str, float], cores: int, workers: int) -> str:
    """What keeps it from being faster."""
    busy, each = sum(shares.values()), shares.get("python", 0) * cores / workers
    what = "processors" if busy > _BUSY else "the one interpreter of each worker" if each > _BUSY_ALONE else "waits"
    return f"{what}: {busy:.0%} of {cores} cores were busy, and each worker {each:.0%} of one"
