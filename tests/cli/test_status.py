"""`status`, and what changes the queue."""

from __future__ import annotations

import contextlib

from tests.cli.conftest import Call
from tests.fakes.runs import LittleWorld

from runbook_gate.errors import Stopped

ENFORCE = "pod-security.kubernetes.io/enforce"


def stop_once_written(world: LittleWorld, task: str, namespace: str) -> None:
    """A run that stops safely after its write, unverified."""
    world.submit(task, namespace)
    world.stopping = lambda: ENFORCE in world.server.namespaces[namespace]["metadata"]["labels"]
    with contextlib.suppress(Stopped):
        world.run(task)
    world.stopping = lambda: False


def stop_at_once(world: LittleWorld, task: str, namespace: str) -> None:
    """A run that was opened and no more."""
    world.submit(task, namespace)
    with world.open() as store, contextlib.suppress(Stopped):
        world.stopping = lambda: store.tasks.status(task).run is not None
        world.run(task)
    world.stopping = lambda: False
    world.clock.advance(1_000)


def test_written_but_unverified_runs_come_first(call: Call, world: LittleWorld) -> None:
    world.submit("ended", "payments-0")
    world.run("ended")
    stop_at_once(world, "opened", "payments-1")
    stop_once_written(world, "written", "payments-2")
    world.submit("queued", "payments-3")
    lines = call("status").out.splitlines()
    assert [line.split()[:2] for line in lines[1:]] == [
        ["UNVERIFIED", "written"],
        ["active", "opened"],
        ["complete", "ended"],
        ["queued", "queued"],
    ]
    assert "written, not verified, at cp2, deadline 20" in lines[1]
    told = call("status", "-o", "json").document
    assert [(run["task"], run["written_unverified"]) for run in told["runs"]] == [
        ("written", True),
        ("opened", False),
        ("ended", False),
    ]
    assert [task["id"] for task in told["queued"]] == ["queued"]


def test_a_limit_never_hides_an_unverified_run(call: Call, world: LittleWorld) -> None:
    stop_once_written(world, "written", "payments-0")
    for number in (1, 2, 3):
        stop_at_once(world, f"opened-{number}", f"payments-{number}")
    assert [run["task"] for run in call("status", "--limit", "1", "-o", "json").document["runs"]] == ["written"]


def test_nothing_at_all(call: Call, world: LittleWorld) -> None:
    with world.open():
        pass
    assert call("status").out == "Nothing is queued, active or finished.\n"


def test_a_pause_is_told_first_and_ends(call: Call, world: LittleWorld) -> None:
    assert call("pause", "--reason", "change freeze", "--actor", "leah").out == "Paused: change freeze\n"
    assert call("status").out.startswith("PAUSED by leah since 20")
    assert call("status", "-o", "json").document["paused"]["reason"] == "change freeze"
    assert call("unpause").out == "Not paused.\n"
    assert call("status", "-o", "json").document["paused"] is None


def test_what_people_say_stays_on_one_line(call: Call, world: LittleWorld) -> None:
    for reason in ("two\nlines", "\x1b[31mred", "", "x" * 501, "\u202eturned"):
        refused = call("pause", "--reason", reason)
        assert (refused.status, refused.out) == (2, "")
        assert "must be one line of 1 to 500 printable characters" in refused.err


def test_a_withdrawn_task_leaves_the_queue(call: Call, world: LittleWorld) -> None:
    world.submit("task-1", "payments-one")
    assert call("withdraw", "task-1").out == "Task task-1 is withdrawn.\n"
    assert call("status", "-o", "json").document["queued"] == []


def test_a_task_that_waits_says_until_when(call: Call, world: LittleWorld) -> None:
    world.submit("task-1", "payments-one")
    with world.open() as store:
        store.tasks.defer("task-1", world.clock.at_ms + 60_000)
    assert "not before 20" in call("status").out


def test_idle_is_no_failure(call: Call, world: LittleWorld) -> None:
    for _ in ("a new store", "the same again"):
        idle = call("run", "--next", "-o", "json")
        assert (idle.status, idle.document["outcome"]) == (0, "idle")
    assert call("run", "--next").out == "Nothing is due.\n"
