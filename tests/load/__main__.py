"""Prints what a load of tasks came to: `make load`, ARGS="--tasks 200 --namespaces 50 --workers 2 --faults"."""

from __future__ import annotations

import json
import os
import random
import sys
import tempfile
from pathlib import Path

import click
from tests.load.faults import Crowd, Trouble
from tests.load.loading import load
from tests.load.place import place


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
            told = load(here, -(-tasks // namespaces), crowd, trouble)
            known = {"workers": number, "concurrency": concurrency, "cores": os.cpu_count()}
            met = {"seed": chosen, "faults": dict(trouble.counts)} if trouble else {}
            print(json.dumps({**known, **told, **met}, indent=2))
            wrong += len(told["wrong"])
    sys.exit(min(wrong, 1))


if __name__ == "__main__":
    main()
