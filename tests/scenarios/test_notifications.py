"""The whole program and a receiver: told after the end, never before it, and never at the run's cost."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.notifications.receiver import Handler, Hang, Receiver, answer, dies
from tests.scenarios import process
from tests.scenarios.talkative import Wire
from tests.scenarios.theatre import Theatre

from runbook_gate.configuration import Cluster

WAIVER = {"id": "EXC-311", "status": "open"}


@pytest.fixture
def receiver(tmp_path: Path, theatre: Theatre) -> Iterator[Receiver]:
    with Receiver.start(tmp_path / "receiver") as started:
        theatre.settings = theatre.settings.model_copy(update={"notifications": started.settings()})
        yield started


@pytest.fixture
def hang() -> Iterator[Hang]:
    made = Hang()
    yield made
    made.end()


def finished(running: subprocess.Popen[str]) -> tuple[int, str, str]:
    with running:
        try:
            out, err = running.communicate(timeout=120)
        finally:
            running.kill()
        return running.returncode, out, err


def escalates(theatre: Theatre) -> None:
    theatre.state(waivers=(WAIVER,))
    theatre.submit()


def events(receiver: Receiver) -> list[Any]:
    return [json.loads(request.body) for request in receiver.requests]


def put_off_until_now(theatre: Theatre) -> None:
    """Let an hour pass, for the outbox alone."""
    with theatre.store() as store, store.outbox._database.write() as connection:
        connection.exec_driver_sql("UPDATE notifications SET next_try_ms = 0, last_try_ms = 0 WHERE attempts > 0")


def test_a_run_is_told_when_its_end_is_durable_and_its_lease_free(theatre: Theatre, receiver: Receiver) -> None:
    escalates(theatre)
    seen: list[tuple[str, str | None]] = []

    def look(handler: Handler) -> None:
        with theatre.store() as store:
            seen.extend((run.state, run.holder) for run in store.runs.list())
        answer(204)(handler)

    receiver.usual = look
    status, out, err = finished(process.start(theatre, "run", "task-1", "-o", "json"))
    assert (status, seen) == (10, [("escalated", None)]), err
    [told] = events(receiver)
    assert told["type"] == "runbook-gate.run.escalated"
    assert told["data"]["ledger_head"] == json.loads(out)["ledger_head"]
    receiver.take(receiver.requests[0])


def test_a_process_killed_between_the_end_and_the_delivery(theatre: Theatre, receiver: Receiver, hang: Hang) -> None:
    escalates(theatre)
    receiver.plays = [hang]
    with process.start(theatre, "run", "task-1") as running:
        assert hang.reached.wait(120)
        running.kill()
        running.communicate()
    with theatre.store() as store:
        [waiting] = store.outbox.list()
        assert (waiting.state, waiting.attempts, waiting.last_error) == ("pending", 1, None)
        assert store.verify().result == "chain consistent"
    put_off_until_now(theatre)
    assert process.status(theatre, "run", "--next") == 0
    assert [request.id for request in receiver.requests] == [waiting.id] * 2
    with theatre.store() as store:
        assert store.outbox.counts()["delivered"] == 1


def test_a_receiver_that_dies_while_it_answers_is_told_twice_under_one_id(theatre: Theatre, receiver: Receiver) -> None:
    escalates(theatre)
    receiver.plays = [dies]
    status, _, err = finished(process.start(theatre, "run", "task-1"))
    assert status == 10
    assert "was not delivered: broke_off." in err
    assert "see `runbook-gate notifications list`" in err
    put_off_until_now(theatre)
    assert process.status(theatre, "run", "--next") == 0
    first, second = receiver.requests
    assert (first.id, first.body) == (second.id, second.body)


def test_a_receiver_that_hangs_is_given_up_by_who_is_asked_to_stop(
    theatre: Theatre, receiver: Receiver, hang: Hang
) -> None:
    escalates(theatre)
    receiver.usual = hang
    running = process.start(theatre, "run", "task-1", "-o", "json")
    assert hang.reached.wait(120)
    running.send_signal(signal.SIGTERM)
    status, out, _ = finished(running)
    assert (status, json.loads(out)["outcome"]) == (10, "escalated")
    with theatre.store() as store:
        assert store.outbox.list()[0].last_error is None, "given up before its time was over"


def test_an_unreachable_receiver_costs_a_run_no_call(theatre: Theatre, receiver: Receiver) -> None:
    """Both runs meet the same waiver, so they make the same calls; the one that is not heard asks once all the same."""
    escalates(theatre)
    calls = list[list[str]]()

    def count(method: str, target: str) -> None:
        calls[-1].append(f"{method} {target.partition('?')[0]}")

    with Wire.start_recording(theatre.folder / "wire", theatre.cluster.server) as wire:
        theatre.settings = theatre.settings.model_copy(update={"cluster": Cluster(kubeconfig=wire.kubeconfig())})
        wire.instead = count
        for task, play in (("task-1", answer(204)), ("task-2", answer(500))):
            receiver.usual, before = play, len(receiver.requests)
            calls.append([])
            if task == "task-2":
                acknowledge(theatre)
                theatre.submit(task)
            assert process.status(theatre, "run", task) == 10
            assert len(receiver.requests) - before == 1
    assert calls[0] == calls[1] != []


def acknowledge(theatre: Theatre) -> None:
    with theatre.store() as store:
        for one in store.escalations.list("open"):
            store.escalations.acknowledge(one.id, actor="leah", note="")


def test_the_queue_goes_on_and_what_it_missed_is_told_whatever_else_fails(theatre: Theatre, receiver: Receiver) -> None:
    """A bundle that is gone keeps every task from running; the notification of an older run is sent all the same."""
    escalates(theatre)
    receiver.plays = [answer(503)]
    assert process.status(theatre, "run", "task-1") == 10
    acknowledge(theatre)
    put_off_until_now(theatre)
    theatre.submit("task-2")
    theatre.settings = theatre.settings.model_copy(update={"bundle": theatre.folder / "gone.tar.gz"})
    assert process.status(theatre, "run", "--next") == 2
    assert [told["type"].rpartition(".")[2] for told in events(receiver)] == ["escalated", "escalated", "acknowledged"]
