"""An executor in a process of its own that kills itself at a fault point: `python -m tests.crash.process --help`."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from tests.crash.points import Points
from tests.crash.watched import WatchedSession, watched_process, watched_world
from tests.crash.watched_store import open_watched
from tests.crash.worlds import TASK
from tests.scenarios.clocks import Suspendable

from runbook_gate.clock import Clock
from runbook_gate.configuration import Settings
from runbook_gate.engine.narration import Silent
from runbook_gate.models.ledger_facts import LedgerFacts
from runbook_gate.surroundings import surroundings

ROOT = Path(__file__).parents[2]


def start(settings: Settings, *, die_at: str, ahead_ms: int = 0) -> subprocess.Popen[str]:
    """Start an executor that goes on with the task until a point.

    Args:
        settings: the configuration.
        die_at: the point; empty for none.
        ahead_ms: how long the machine slept meanwhile, for its clock.
    """
    return subprocess.Popen(
        [sys.executable, "-m", "tests.crash.process", settings.model_dump_json(), die_at, str(ahead_ms)],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": f"{ROOT}:{ROOT / 'executor'}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(settings: Settings, points: Points, ahead_ms: int) -> None:
    """Carry the task out under the eyes of `points`."""
    clock = Suspendable()
    clock.ahead_ms = ahead_ms

    def world(settings: Settings, clock: Clock, facts: Callable[[Iterable[str]], LedgerFacts]) -> Any:
        return watched_world(surroundings(settings, clock, facts), points)

    with watched_process(points), open_watched(settings, clock, points) as store:
        WatchedSession(settings, store, Silent(), clock=clock, world=world).watch(points).run_task(TASK)


def main() -> None:
    """Run until the point, and die there as a machine that loses its power."""
    parser = argparse.ArgumentParser(description="Carries task-1 out and dies at a fault point.")
    parser.add_argument("settings", type=Settings.model_validate_json, help="the configuration as JSON")
    parser.add_argument("die_at", help="name of a fault point; empty for none")
    parser.add_argument("ahead_ms", type=int, help="how far CLOCK_BOOTTIME is ahead of the machine's")
    given = parser.parse_args()

    def at(name: str) -> None:
        if name == given.die_at:
            os.kill(os.getpid(), signal.SIGKILL)

    run(given.settings, Points(at), given.ahead_ms)


if __name__ == "__main__":
    main()
