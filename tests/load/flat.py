"""What a store full of finished runs costs: a run, and a `run --next` with nothing due, beside a store with a few.

The finished runs are copies of one that completed and one that escalated and was resolved.
"""

from __future__ import annotations

import json
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from tests.fakes.runs import LittleWorld
from tests.replay.bench.copies import multiply, templates

from runbook_gate import resources
from runbook_gate.engine.narration import Silent
from runbook_gate.gate.build import build
from runbook_gate.gate.sidecar import Sidecar
from runbook_gate.ledger.identifiers import packet_id
from runbook_gate.localcluster import find_tool
from runbook_gate.queue import run_next
from runbook_gate.session import Session

_REPETITIONS: Final = 20


def measure(folder: Path, finished: int) -> dict[str, Any]:
    """Medians before and after a store is filled."""
    opa = find_tool("opa")
    bundle = build(resources.policies(), opa=opa)
    with Sidecar(opa, bundle) as sidecar:
        world = LittleWorld(folder, bundle, sidecar)
        _begin(world)
        few = _costs(world, "few")
        _fill(world, finished)
        with world.open() as store:
            there = len(store.runs.list(limit=None))
        many = _costs(world, "many")
    ratios = {name: round(many[name] / few[name], 2) for name in few}
    return {"finished_runs": there, "few_s": few, "many_s": many, "ratio": ratios}


def _begin(world: LittleWorld) -> None:
    """One run that completed, and one that escalated and was resolved."""
    world.submit("first-complete", "first-complete")
    world.run("first-complete")
    world.submit("first-escalated", "first-escalated")
    world.waive("first-escalated", {"id": "EXC-1", "status": "open"})
    ended = world.run("first-escalated")
    with world.open() as store:
        store.escalations.resolve(str(ended.packet), actor="leah", note="done")


def _fill(world: LittleWorld, finished: int) -> None:
    """Copy them, with their tasks; and resolve the escalations, for those that are open are no finished matter."""
    file = world.settings.store_file
    known = templates(file)
    decisions = sum(one.decisions for one in known) * finished // len(known)
    with closing(sqlite3.connect(file)) as connection:
        before = [sql for (sql,) in connection.execute("SELECT sql FROM sqlite_master WHERE type = 'trigger'")]
    multiply(file, known, decisions)
    with closing(sqlite3.connect(file)) as connection, connection:
        seq = connection.execute("SELECT max(seq) FROM journal").fetchone()[0]
        rows = connection.execute(
            "SELECT task, opened_ms, state FROM runs WHERE task NOT IN (SELECT id FROM tasks)"
        ).fetchall()
        connection.executemany(
            "INSERT INTO tasks (id, journal_seq, document_sha256, runbook, submitted_ms, not_before_ms, state, outcome)"
            " VALUES (?, ?, '', 'r', ?, 0, 'finished', ?)",
            ((task, seq + 1 + number, opened, state) for number, (task, opened, state) in enumerate(rows)),
        )
        heads = connection.execute("SELECT head FROM runs WHERE state = 'escalated'").fetchall()
        connection.executemany(
            "INSERT OR IGNORE INTO journal (seq, kind, subject, sha256, data) VALUES (?, 'resolved', ?, ?, x'7b7d')",
            ((-1 - number, packet_id(head), f"{number:064}") for number, (head,) in enumerate(heads)),
        )
        for sql in before:
            connection.execute(sql)
        connection.execute("ANALYZE")


def _costs(world: LittleWorld, name: str) -> dict[str, float]:
    """Medians in seconds: of a run, which waits by a clock that needs no waiting, and of looking for one in vain."""
    runs, looks = [], []
    for number in range(_REPETITIONS):
        task = f"{name}-{number}"
        world.submit(task, task)
        runs.append(_seconds(lambda task=task: world.run(task)))  # type: ignore[misc]
        with world.open() as store:
            session = Session(world.settings, store, Silent(), clock=world.clock)
            looks.append(_seconds(lambda session=session: run_next(session)))  # type: ignore[misc]
    return {"run": round(statistics.median(runs), 4), "run_next": round(statistics.median(looks), 4)}


def _seconds(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="runbook-gate-flat-") as place:
        print(json.dumps(measure(Path(place), int(sys.argv[1]) if len(sys.argv) > 1 else 100_000), indent=2))
