"""What a worker on the real API server tells: to who scrapes it, and to the receiver of notifications."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from tests.metrics.scraping import METRIC, samples, value
from tests.metrics.timelines import RULES
from tests.notifications.receiver import Hang, Receiver, answer
from tests.scenarios import process
from tests.working.conftest import Fleet, asked, ended, until

from runbook_gate.metrics import catalog
from runbook_gate.processes import free_port

pytestmark = pytest.mark.scenario


def test_a_worker_counts_what_it_does_and_each_run_ends_while_the_receiver_hangs(
    fleet: Fleet, receiver: Receiver, hang: Hang
) -> None:
    """Nobody is told meanwhile, nobody is forgotten, and the end of the work does not wait for an answer."""
    fleet.stage.settings = fleet.stage.settings.model_copy(update={"notifications": receiver.settings(timeout_s=3)})
    receiver.usual = hang
    port, tasks = free_port(), fleet.submit(1)
    with fleet.working("--listen", f"127.0.0.1:{port}", "--concurrency", "2") as started:
        until(lambda: fleet.have_ended(tasks))
        until(lambda: (value(asked(port, "/metrics")[1], "faults_total", fault="Undelivered") or 0) > 0)
        told = asked(port, "/metrics")[1]
        started.terminate()
        end = ended(started)
    assert end.status == 0, end
    assert [line["level"] for line in end.log if line["event"] == "stopping"] == ["info"]
    assert_counted(told)
    assert_alerts_can_be_heard(told)
    fleet.assert_kept(tasks)
    assert_delivered_once_it_is_well(fleet, receiver, hang)


def assert_counted(told: str) -> None:
    """Two runs that completed, and two that escalated."""
    assert [value(told, "runs_ended_total", outcome=outcome) for outcome in ("complete", "escalated")] == [2, 2]
    assert value(told, "decisions_total", checkpoint="cp4", verdict="complete") == 2
    assert value(told, "write_attempts_total", attempt="1") == 2
    assert (value(told, "gate_request_duration_seconds_count", outcome="accepted") or 0) >= 14
    assert value(told, "store_up") == 1


def assert_alerts_can_be_heard(told: str) -> None:
    """Each series that an alert is about is in a worker's scrape, or in the file of a one-shot start."""
    file = {one.full_name for one in catalog.TEXTFILE}
    rules = [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]
    about = {name for rule in rules for name in METRIC.findall(rule["expr"])}
    assert len(about) > len(file)
    assert about - {name for name, _ in samples(told)} - file == set()
    assert set(METRIC.findall(RULES.read_text())) - set(METRIC.findall(told)) - file == set(), "an advice names it"


def assert_delivered_once_it_is_well(fleet: Fleet, receiver: Receiver, hang: Hang) -> None:
    """All that was not told is listed, and told under the ids that it had."""
    tried = {one.id for one in receiver.requests}
    assert tried
    waiting = {one["id"]: one for one in listed(fleet)}
    assert len(waiting) == len(fleet.runs())
    assert {one for one, row in waiting.items() if row["attempts"]} == tried
    hang.end()
    fleet.stage.settings = fleet.stage.settings.model_copy(update={"notifications": receiver.settings()})
    receiver.usual = answer(204)
    receiver.requests.clear()
    assert process.called(fleet.stage, "notifications", "retry", "--all").status == 0
    assert sorted(json.loads(one.body)["id"] for one in receiver.requests) == sorted(waiting)
    assert listed(fleet) == []


def listed(fleet: Fleet) -> list[dict[str, Any]]:
    """Notifications that were not delivered."""
    document = process.called(fleet.stage, "notifications", "list", "-o", "json").document
    return list(document["notifications"])
