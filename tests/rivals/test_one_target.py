"""Several executors on one task, and on two tasks of one target: one run after the other, and one writer a run."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager

from tests.promise import broken
from tests.promise.audit import events_of
from tests.scenarios import process
from tests.scenarios.theatre import Theatre

Process = subprocess.Popen[str]
RIVALS = 3


@contextmanager
def started(theatre: Theatre, *tasks: str) -> Iterator[list[Process]]:
    """An executor for each of these tasks, all at once."""
    with ExitStack() as stack:
        processes = [process.start(theatre, "run", task, "-o", "json") for task in tasks]
        for one in processes:
            stack.enter_context(one)
            stack.callback(one.kill)
        yield processes


def ended(one: Process) -> tuple[int, str]:
    """Exit status and stdout of a process, which may take its time."""
    out, _ = one.communicate(timeout=120)
    return one.returncode, out


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def freeze(one: Process, theatre: Theatre) -> None:
    """Stop a process outside of its transactions: within one it would hold everybody's lock."""
    while True:
        one.send_signal(signal.SIGSTOP)
        with closing(sqlite3.connect(theatre.settings.store_file, timeout=0, isolation_level=None)) as database:
            try:
                database.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                one.send_signal(signal.SIGCONT)
                time.sleep(0.02)
            else:
                return


def kept(theatre: Theatre) -> None:
    """The promise is kept, and every packet was delivered."""
    events = events_of(theatre.cluster.server.audit_log, theatre.namespace)
    with theatre.store() as store:
        assert broken(store, events, packets=[path.stem for path in theatre.packets()]) == []


def test_of_several_executors_on_one_task_one_carries_it_out(theatre: Theatre) -> None:
    theatre.submit()
    with started(theatre, *["task-1"] * RIVALS) as rivals:
        told = [ended(one) for one in rivals]
    # One that is slow enough to come after the end gets the stored result.
    heads = {json.loads(out)["ledger_head"] for status, out in told if status == 0}
    assert len(heads) == 1
    assert {status for status, _ in told} <= {0, 11}
    with theatre.store() as store:
        [run] = store.runs.list()
        assert {entry.lease for entry in store.runs.entries(run.id)} == {1}
    assert len(theatre.writes()) == 1
    kept(theatre)


def test_a_second_task_of_a_target_stays_queued_until_the_first_has_ended(theatre: Theatre) -> None:
    theatre.submit("task-1")
    theatre.submit("task-2")
    with started(theatre, "task-1") as [first]:
        wait_until(lambda: state(theatre, "task-1") == "active")
        freeze(first, theatre)  # so that the second one cannot come too late to meet it
        assert process.status(theatre, "run", "task-2") == 11
        assert state(theatre, "task-2") == "queued"
        first.send_signal(signal.SIGCONT)
        assert ended(first)[0] == 0
    assert process.status(theatre, "run", "task-2") == 0
    assert len(theatre.writes()) == 1
    kept(theatre)


def test_of_two_tasks_of_a_target_started_at_once_one_runs_and_none_is_lost(theatre: Theatre) -> None:
    tasks = [theatre.submit("task-1"), theatre.submit("task-2")]
    with started(theatre, *tasks) as rivals:
        statuses = {task: ended(one)[0] for task, one in zip(tasks, rivals, strict=True)}
    assert 0 in statuses.values()
    assert set(statuses.values()) <= {0, 11}
    for task in tasks:
        assert process.status(theatre, "run", task) == 0
    assert len(theatre.writes()) == 1
    kept(theatre)


def state(theatre: Theatre, task: str) -> str:
    with theatre.store() as store:
        return store.tasks.status(task).state
