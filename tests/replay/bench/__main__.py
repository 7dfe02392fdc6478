"""Measures replay at several sizes: `make bench-replay`, or with ARGS="1000 10000" at these."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.fakes.runs import LittleWorld
from tests.replay.bench.copies import Template, multiply, templates
from tests.replay.bench.measuring import bare, evaluated, replay_apart, timed
from tests.replay.replays import EXECUTOR

from runbook_gate import resources
from runbook_gate.clock import SystemClock
from runbook_gate.configuration import Opa
from runbook_gate.gate.build import build
from runbook_gate.gate.bundle import Bundle
from runbook_gate.gate.sidecar import Sidecar
from runbook_gate.ledger import Store
from runbook_gate.localcluster import find_tool

_SIZES = (1_000, 10_000, 100_000)
_BARE = 2_000  # as many bare decisions before and after each replay
_EVALUATED = 24


def measure(folder: Path, sizes: Sequence[int], *, bare_decisions: int = _BARE, evaluations: int = _EVALUATED) -> Any:
    """Measure everything once."""
    opa, cores = find_tool("opa"), os.cpu_count() or 1
    bundle = build(resources.policies(), opa=opa)
    world = _recorded(folder, bundle, opa)
    known = templates(world.settings.store_file)
    inputs = _inputs(known)
    some = (inputs * evaluations)[:evaluations]
    single, parallel = (evaluated(some, opa, bundle, processes) for processes in (1, cores))
    told: dict[str, Any] = {
        "cores": cores,
        "opa_eval_per_s": round(1 / single, 1),
        "opa_eval_on_all_cores_per_s": round(1 / parallel, 1),
        "sizes": [],
    }
    for size in sizes:
        store = Path(shutil.copy(world.settings.store_file, folder / "copies.sqlite"))
        multiply(store, known, size)
        before = bare(inputs, bare_decisions, opa, bundle, cores)
        found = replay_apart(store, opa, cores)
        after = bare(inputs, bare_decisions, opa, bundle, cores)
        told["sizes"].append(_size(found, 2 * bare_decisions / (before + after), single, store))
        print(json.dumps(told["sizes"][-1]), file=sys.stderr, flush=True)
        store.unlink()
    return told


def _size(found: dict[str, Any], bare_per_s: float, single: float, store: Path) -> dict[str, Any]:
    per_s = found["decisions"] / found["seconds"]
    with Store.open(store, clock=SystemClock(), executor=EXECUTOR, read_only=True) as opened:
        seconds, busy = timed(opened.verify), time.process_time()
        opened.verify()
        busy = time.process_time() - busy
        on_cores = timed(lambda: opened.verify(workers=os.cpu_count() or 1))
        entries = sum(run.seq for run in opened.runs.list(limit=None))
    rates = {
        "replayed_per_s": round(per_s),
        "bare_per_s": round(bare_per_s),
        "of_bare": round(per_s / bare_per_s, 2),
        "times_opa_eval": round(per_s * single, 1),
        "verified_entries_per_s": round(entries / seconds),
        "verified_entries_per_s_of_one_core": round(entries / busy),
        "verified_entries_per_s_on_all_cores": round(entries / on_cores),
    }
    return {**found, "seconds": round(found["seconds"], 1), **rates}


def _recorded(folder: Path, bundle: Bundle, opa: Path) -> LittleWorld:
    """Two runs that complete and one that a waiver ends, decided by an OPA that was measured."""
    with Sidecar(opa, bundle) as sidecar:
        world = LittleWorld(folder, bundle, sidecar)
        world.settings = world.settings.model_copy(update={"opa": Opa(binary=opa)})
        for number in range(3):
            world.submit(f"bench-task-{number}", f"payments-{number}")
            if number == 2:
                world.waive(f"bench-task-{number}", {"id": "EXC-1", "status": "approved"})
            world.run(f"bench-task-{number}")
    return world


def _inputs(known: Sequence[Template]) -> list[bytes]:
    """The inputs of the templates, in the order in which a replay meets those of the copies."""
    asked = [
        json.loads(data)["body"]["request"]["body_sha256"]
        for template in known
        for _, kind, _, _, data in template.entries
        if kind == "decision"
    ]
    evidence = {sha256: data for template in known for sha256, data in template.evidence.items()}
    return [evidence[sha256][len(b'{"input":') : -1] for sha256 in asked]


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="runbook-gate-bench-") as place:
        chosen = [int(size) for size in sys.argv[1:]] or _SIZES
        print(json.dumps(measure(Path(place), chosen), indent=2))
