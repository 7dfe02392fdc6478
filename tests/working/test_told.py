"""What a worker on the real API server tells: to who scrapes it, and to the receiver of notifications."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest
from tests.metrics.scraping import value
from tests.notifications.receiver import Receiver, answer
from tests.working.conftest import Fleet, ended, until

from runbook_gate.processes import free_port

pytestmark = pytest.mark.scenario


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Receiver]:
    with Receiver.start(tmp_path / "receiver") as started:
        yield started


def scraped(port: int) -> str:
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", "/metrics")
        return connection.getresponse().read().decode()
    finally:
        connection.close()


def test_a_worker_counts_what_it_does_and_tells_how_each_run_ended(fleet: Fleet, receiver: Receiver) -> None:
    fleet.stage.settings = fleet.stage.settings.model_copy(update={"notifications": receiver.settings()})
    receiver.plays = [answer(503)]  # and is left in peace for half a minute: the end of the work does not wait for it
    port, tasks = free_port(), fleet.submit(1)
    with fleet.working("--listen", f"127.0.0.1:{port}", "--concurrency", "2") as started:
        until(lambda: len(fleet.runs()) == len(tasks) and all(run.state != "active" for run in fleet.runs()))
        until(lambda: bool(receiver.requests))
        told = scraped(port)
        started.terminate()
        end = ended(started)
    assert end.status == 0, end
    assert [value(told, "runs_ended_total", outcome=outcome) for outcome in ("complete", "escalated")] == [2, 2]
    assert value(told, "decisions_total", checkpoint="cp4", verdict="complete") == 2
    assert value(told, "write_attempts_total", attempt="1") == 2
    assert (value(told, "gate_request_duration_seconds_count", outcome="accepted") or 0) >= 14
    assert value(told, "faults_total", fault="Undelivered") == 1
    assert value(told, "store_up") == 1
    assert {json.loads(one.body)["id"] for one in receiver.requests} == {receiver.requests[0].id}
    fleet.assert_kept(tasks)
