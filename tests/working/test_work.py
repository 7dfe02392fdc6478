"""`work` on the real API server: each task one run, whatever ends the process or its sidecar."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from tests.scenarios.apiserver_proxy import Answer
from tests.scenarios.talkative import Wire
from tests.working.conftest import Fleet, ended, until
from tests.working.lines import assert_logged

from runbook_gate.configuration import Cluster

pytestmark = pytest.mark.scenario
ENDS_S = 8.0  # half of what a request that hangs would take
HANGS_S = 60.0


def test_a_queue_is_worked_off_with_one_run_for_each_task_and_one_at_a_time_for_a_target(fleet: Fleet) -> None:
    tasks = fleet.submit(2)
    with fleet.working("--until-empty", "--concurrency", "4") as started:
        end = ended(started)
    assert end.status == 10, end
    assert end.out == {"outcome": "empty", "complete": 4, "escalated": 4, "left": 0, "faults": []}
    fleet.assert_kept(tasks)
    assert {line["event"] for line in end.log} & {"fault", "trouble", "run_resumed"} == set()
    assert overlapping(fleet) == []
    assert at_once(fleet) > 1
    assert_logged(fleet, end.log)
    with fleet.working("--until-empty") as again:
        assert ended(again).status == 0


def spans(fleet: Fleet) -> list[tuple[int, int, str]]:
    """From when to when each run was, and on which target."""
    with fleet.stage.store() as store:
        entries = {run.id: store.runs.entries(run.id) for run in fleet.runs()}
        return sorted((all_[0].at_ms, all_[-1].at_ms, all_[0].body["target_key"]) for all_ in entries.values())


def overlapping(fleet: Fleet) -> list[str]:
    """Targets with two runs at once."""
    by_target = sorted((target, begin, end) for begin, end, target in spans(fleet))
    return [one[0] for one, other in pairwise(by_target) if one[0] == other[0] and other[1] < one[2]]


def at_once(fleet: Fleet) -> int:
    """The most runs at once."""
    found = spans(fleet)
    return max(sum(begin <= moment < end for begin, end, _ in found) for moment, _, _ in found)


# --- drained ---


@contextlib.contextmanager
def reads_hang(fleet: Fleet, hanging: int) -> Iterator[tuple[threading.Event, threading.Event]]:
    """The API server answers no read until the second event is set; the first one is when so many hang."""
    reached, over, count = threading.Event(), threading.Event(), iter(range(1, 10_000))
    stage, healthy = fleet.stage, fleet.stage.settings

    def instead(method: str, _: str) -> Answer | None:
        if method == "GET" and not over.is_set():
            if next(count) == hanging:
                reached.set()
            over.wait(HANGS_S)
        return None

    with Wire.start_recording(stage.folder / "wire", stage.cluster.server) as wire:
        wire.instead = instead
        stage.settings = healthy.model_copy(update={"cluster": Cluster(kubeconfig=wire.kubeconfig())})
        try:
            yield reached, over
        finally:
            over.set()
            stage.settings = healthy


def test_sigterm_drains_within_seconds_and_the_next_one_ends_everything(fleet: Fleet) -> None:
    tasks = fleet.submit(2)
    with reads_hang(fleet, 4) as (reached, _), fleet.working("--concurrency", "4") as started:
        assert reached.wait(HANGS_S)
        asked = time.monotonic()
        started.send_signal(signal.SIGTERM)
        end = ended(started)
        took = time.monotonic() - asked
    assert (end.status, end.out["outcome"], end.out["left"]) == (12, "drained", 4), end
    assert took < ENDS_S
    assert len(fleet.runs()) == 4  # nothing more was taken
    with fleet.working("--until-empty", "--concurrency", "4") as again:
        assert ended(again).status == 10
    fleet.assert_kept(tasks)


def test_who_has_nothing_in_hand_ends_at_once_and_leaves_nothing(fleet: Fleet) -> None:
    with fleet.working("--concurrency", "2") as started:
        assert started.stderr is not None
        assert "started" in started.stderr.readline()
        asked = time.monotonic()
        started.send_signal(signal.SIGTERM)
        end = ended(started)
    assert (end.status, end.out["outcome"]) == (0, "drained")
    assert time.monotonic() - asked < ENDS_S


# --- the sidecar ---


def test_a_sidecar_that_is_killed_is_started_again_and_every_task_ends(fleet: Fleet) -> None:
    """It dies while four runs are under way; their next questions wait for the next one."""
    tasks = fleet.submit(1)
    with (
        reads_hang(fleet, 4) as (reached, over),
        fleet.working("--until-empty", "--concurrency", "4") as started,
    ):
        assert reached.wait(HANGS_S)
        [first] = sidecars(started)
        os.kill(first, signal.SIGKILL)
        over.set()
        until(lambda: bool(sidecars(started)) and first not in sidecars(started))
        [second] = sidecars(started)
        end = ended(started)
    assert end.status == 10, end
    assert {line["event"] for line in end.log} & {"no_decision", "fault", "trouble"} == set()
    fleet.assert_kept(tasks)
    assert not serves(second)


def sidecars(started: subprocess.Popen[str]) -> list[int]:
    """Process ids of `opa run` below a process."""
    found = []
    for task in Path(f"/proc/{started.pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found += [int(pid) for pid in task.read_text().split() if serves(int(pid))]
    return found


def serves(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return b"opa\0run\0" in Path(f"/proc/{pid}/cmdline").read_bytes()
    return False
