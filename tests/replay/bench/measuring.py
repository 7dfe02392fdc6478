"""What is measured: a replay, the same inputs as bare requests, one `opa eval` for each, and `ledger verify`."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from tests.replay.replays import EXECUTOR
from tests.wire.unix import UnixConnection

from runbook_gate.clock import SystemClock
from runbook_gate.gate.bundle import Bundle
from runbook_gate.ledger import Store
from runbook_gate.replay.chunks import Others
from runbook_gate.replay.replaying import AT_ONCE, Replay
from runbook_gate.replay.report.tally import Tally
from runbook_gate.replay.selection import Selection
from runbook_gate.replay.sidecars import ReplaySidecar
from runbook_gate.replay.stored import StoredRecords

_MIB = 1024


def replay(store: Path, opa: Path, connections: int) -> dict[str, Any]:
    """Replay everything, in this process; for one of its own, so that the peak of memory is its own."""
    tally, began = Tally(), time.perf_counter()
    with Store.open(store, clock=SystemClock(), executor=EXECUTOR, read_only=True) as opened:
        replaying = Replay(StoredRecords(opened, "a store"), opa, Others(), connections=connections)
        for one in replaying.replayed(Selection()):
            tally.add(one)
    seconds = time.perf_counter() - began
    peaks = {
        name: resource.getrusage(who).ru_maxrss // _MIB
        for name, who in (("peak_mib", resource.RUSAGE_SELF), ("opa_peak_mib", resource.RUSAGE_CHILDREN))
    }
    return {"decisions": tally.total, "reproduced": tally.reproductions["identical"], "seconds": seconds, **peaks}


def replay_apart(store: Path, opa: Path, connections: int) -> dict[str, Any]:
    """The same in a process of its own."""
    program = (
        "import json, sys; from pathlib import Path; from tests.replay.bench.measuring import replay; "
        "print(json.dumps(replay(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))))"
    )
    command = [sys.executable, "-c", program, str(store), str(opa), str(connections)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def bare(inputs: Sequence[bytes], decisions: int, opa: Path, bundle: Bundle, connections: int) -> float:
    """Seconds for so many decisions as batch requests and nothing else, on as many connections, once warm."""
    bodies = list(islice(cycle(_bodies(inputs)), -(-decisions // AT_ONCE)))

    def ask(own: Sequence[bytes]) -> None:
        connection = UnixConnection(sidecar.socket_path)
        for body in own:
            connection.request("POST", _PATH, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            assert answer.status == 200
            answer.read()
        connection.close()

    with ReplaySidecar(opa, bundle) as sidecar, ThreadPoolExecutor(connections) as pool:
        ask(bodies[:1])
        began = time.perf_counter()
        list(pool.map(ask, [bodies[own::connections] for own in range(connections)]))
        return (time.perf_counter() - began) * decisions / (len(bodies) * AT_ONCE)


_PATH = "/v1/data/replay/decisions?strict-builtin-errors=true"


def _bodies(inputs: Sequence[bytes]) -> list[bytes]:
    whole = list(islice(cycle(inputs), -(-len(inputs) // AT_ONCE) * AT_ONCE))
    return [
        b'{"input":{"batch":[' + b",".join(whole[start : start + AT_ONCE]) + b"]}}"
        for start in range(0, len(whole), AT_ONCE)
    ]


def evaluated(inputs: Sequence[bytes], opa: Path, bundle: Bundle, processes: int) -> float:
    """Seconds for each decision by a process `opa eval`, so many at a time."""
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(processes) as pool:
        (Path(folder) / "bundle.tar.gz").write_bytes(bundle.raw)
        command = [
            str(opa),
            "eval",
            "--bundle",
            "bundle.tar.gz",
            "--stdin-input",
            "--format",
            "json",
            "data.gate.decision",
        ]

        def one(document: bytes) -> None:
            subprocess.run(command, cwd=folder, env={}, input=document, stdout=subprocess.DEVNULL, check=True)

        began = time.perf_counter()
        list(pool.map(one, inputs))
        return (time.perf_counter() - began) / len(inputs)


def timed(work: Callable[[], Any]) -> float:
    """Seconds."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
