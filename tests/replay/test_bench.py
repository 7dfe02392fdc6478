"""A quick sample of `make bench-replay`: copies are runs of their own, and every figure is there."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.replay.bench.copies import multiply, templates
from tests.replay.bench.measuring import bare, replay_apart
from tests.replay.replays import EXECUTOR, Recording

from runbook_gate.clock import SystemClock
from runbook_gate.gate.bundle import Bundle
from runbook_gate.ledger import Store


def test_copies_are_runs_of_their_own_and_replay_to_the_byte(
    recorded: Recording, bundle: Bundle, tmp_path: Path, opa_binary: Path
) -> None:
    store = Path(shutil.copy(recorded.store, tmp_path / "copies.sqlite"))
    there = multiply(store, templates(store), 60)
    with closing(sqlite3.connect(store)) as connection:
        inputs = [
            data[len(b'{"input":') : -1]
            for (data,) in connection.execute("SELECT data FROM evidence")
            if data.startswith(b'{"input":')
        ]
    assert len(set(inputs)) == len(inputs) == there >= 60
    with Store.open(store, clock=SystemClock(), executor=EXECUTOR, read_only=True) as opened:
        assert opened.verify().result == "chain consistent"
    found = replay_apart(store, opa_binary, 2)
    assert (found["decisions"], found["reproduced"]) == (there, there)
    assert min(found["seconds"], found["peak_mib"], found["opa_peak_mib"]) > 0
    assert bare(inputs, 60, opa_binary, bundle, 2) > 0
