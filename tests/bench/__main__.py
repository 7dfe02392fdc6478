"""Prints what things cost beside the same calls made bare: `make bench`, ARGS="5" for so many repetitions."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.progress import track
from tests.bench.bare import Bare
from tests.bench.recording import Sent, recorded
from tests.bench.shell import script
from tests.bench.spending import REST, Spending, medians, watched
from tests.bench.stage import Stage, stage
from tests.scenarios.process import environment
from tests.wire.unix import UnixConnection

from runbook_gate.configuration import Opa
from runbook_gate.gate.client import OpaGate
from runbook_gate.localcluster import find_tool
from runbook_gate.serving import Serving

_REPETITIONS: Final = 20
_DECISIONS: Final = 50  # as many in each repetition: one takes a few milliseconds
PHASES: Final = Path(__file__).with_name("phases.py")
_ERR: Final = Console(stderr=True)


def measure(place: Stage, repetitions: int) -> dict[str, Any]:
    """Measure everything, each thing and its bare counterpart in turn, so that noise meets both."""
    target, settings = place.target()
    task = place.submit(target)
    with recorded() as sent:
        finished, _ = place.run(settings, task)
    if finished.outcome != "complete":
        raise AssertionError(f"the run to measure ended {finished.outcome}")
    names = (target.namespace.encode(), target.uid.encode())
    told: dict[str, Any] = {"cores": os.cpu_count(), "repetitions": repetitions, "requests": len(sent)}
    told["run"] = _runs(place, sent, names, repetitions)
    told["decision"] = _decisions(place, sent, repetitions)
    told["process"] = _processes(place, sent, target.labels, repetitions)
    return told


def _runs(place: Stage, sent: Sequence[Sent], names: tuple[bytes, bytes], repetitions: int) -> dict[str, Any]:
    port = int(place.cluster.server.url.rsplit(":", 1)[1])
    bare = Bare(port, place.cluster.server.ca_file, str(place.sidecar.address.socket))
    whole, alone, ours, theirs = [], [], list[Spending](), list[Spending]()
    effects = (
        sum(one.gate for one in sent) - 1
    )  # an effect before each decision; the first request asks for the version
    for _ in track(range(repetitions), "one run in a warm process", console=_ERR):
        target, settings = place.target()
        task, slept_s = place.submit(target), place.clock.slept_s
        with watched() as spent:
            whole.append(place.run(settings, task)[1])
        spent.waited(place.clock.slept_s - slept_s)
        ours.append(spent)
        target, _settings = place.target()
        others = list(zip(names, (target.namespace.encode(), target.uid.encode()), strict=True))
        bare.spent, began = Spending(), time.perf_counter()
        with bare.spent.on(REST):
            bare.run(sent, others, place.folder / "appended", effects)
        alone.append(time.perf_counter() - began)
        theirs.append(bare.spent)
        place.require_repaired(target)
    bare.close()
    where = {"run": medians(ours), "bare": medians(theirs)}
    return _against("run_s", whole, "bare_s", alone) | {"cpu_ratio": _of_cpu(where), "where": where}


def _decisions(place: Stage, sent: Sequence[Sent], repetitions: int) -> dict[str, Any]:
    asked = [one for one in sent if one.gate][1:]
    documents = [json.loads(one.body)["input"] for one in asked]
    gate = OpaGate(place.sidecar.address, timeout_s=5)
    plain = UnixConnection(str(place.sidecar.address.socket))
    pins = Serving(gate).pins(place.bundle)
    ours, alone = [], []

    def through() -> None:
        for number in range(_DECISIONS):
            gate.ask(documents[number % len(documents)], pins)

    def posted() -> None:
        for number in range(_DECISIONS):
            one = asked[number % len(asked)]
            plain.request("POST", one.target, one.body, {"Content-Type": "application/json"})
            plain.getresponse().read()

    for _ in track(range(repetitions), "decisions", console=_ERR):
        ours.append(_seconds(through) / _DECISIONS)
        alone.append(_seconds(posted) / _DECISIONS)
    gate.close()
    plain.close()
    return _against("client_s", ours, "bare_s", alone)


def _processes(place: Stage, sent: Sequence[Sent], labels: Any, repetitions: int) -> dict[str, Any]:
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        return {"left_out": "there is no kubectl on PATH to compare with"}
    opa, kubeconfig = find_tool("opa"), place.cluster.server.kubeconfig("executor")
    by_hand = script(sent, place.folder, labels, kubectl=kubectl, kubeconfig=kubeconfig, opa=opa)
    ours, hand, phases = [], [], list[dict[str, float]]()
    for _ in track(range(repetitions), "one run as a process", console=_ERR):
        target, settings = place.target()
        own = settings.model_copy(update={"opa": Opa(binary=find_tool("opa"))})  # a sidecar of the process's own
        command = [sys.executable, str(PHASES), "run", place.submit(target)]
        began = time.perf_counter()
        done = subprocess.run(command, env=environment(own), capture_output=True, text=True, check=True)
        phases.append(json.loads(done.stderr.splitlines()[-1]))
        ours.append(time.perf_counter() - began - phases[-1]["waits"])
        target, _settings = place.target()
        began = time.perf_counter()
        subprocess.run(["sh", str(by_hand), target.namespace], check=True)  # its last line, a decision, must do
        hand.append(time.perf_counter() - began)
        place.require_repaired(target)  # the lines before may fail, as a probe that is turned away does
    where = {name: round(statistics.median(one[name] for one in phases), 3) for name in phases[0]}
    return _against("process_s", ours, "script_s", hand) | {"where_s": where}


def _of_cpu(where: dict[str, dict[str, dict[str, float]]]) -> float:
    """Of this process: on a busy machine it says more than the time."""
    ours, theirs = (sum(part["cpu_s"] for part in side.values()) for side in where.values())
    return round(ours / theirs, 2)


def _seconds(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _against(name: str, ours: Sequence[float], other: str, alone: Sequence[float]) -> dict[str, Any]:
    """Medians, their ratio, and the middle half of each."""
    whole, bare = statistics.median(ours), statistics.median(alone)
    return {
        name: round(whole, 5),
        other: round(bare, 5),
        "ratio": round(whole / bare, 2),
        "middle_half": {key: _middle(values) for key, values in ((name, ours), (other, alone))},
    }


def _middle(values: Sequence[float]) -> list[float]:
    quarters = statistics.quantiles(values, n=4)
    return [round(quarters[0], 5), round(quarters[2], 5)]


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="runbook-gate-bench-") as place, stage(Path(place)) as prepared:
        print(json.dumps(measure(prepared, int(sys.argv[1]) if len(sys.argv) > 1 else _REPETITIONS), indent=2))
