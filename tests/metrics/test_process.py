"""What one process counts: runs of the shipped policies in a real OPA, over a cluster in memory."""

from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from tests.fakes.cluster import Fault
from tests.metrics.scraping import Watched, rises, value
from tests.queries.conftest import Died
from tests.scenarios.conftest import bundle  # noqa: F401 - a fixture

from runbook_gate import __version__
from runbook_gate.cluster.calls import Call
from runbook_gate.configuration import Opa
from runbook_gate.errors import SidecarFault
from runbook_gate.gate.bundle import Bundle
from runbook_gate.metrics import Metrics
from runbook_gate.metrics.instruments import MOST_CODES

_REQUESTS = {"read_namespace", "patch_dry_run", "patch", "create_dry_run", "self_subject_review"}


def test_a_run_that_completes(watched: Watched) -> None:
    before = watched.scrape()
    watched.world.submit("task-1", "one")
    watched.run("task-1")
    after = watched.scrape()
    assert rises(before, after, "decisions_total") == {
        ("cp0", "proceed"): 1,
        ("cp1", "proceed"): 1,
        ("cp2", "proceed"): 1,
        ("cp3", "wait"): 1,
        ("cp3", "proceed"): 1,
        ("cp4", "complete"): 1,
    }
    assert rises(before, after, "denials_total") == {("cp3", "verification_reconciliation.too_few_rounds", "wait"): 1}
    assert rises(before, after, "write_attempts_total") == {("1",): 1}
    assert rises(before, after, "runs_ended_total") == {("complete",): 1}
    assert rises(before, after, "verification_rounds_sum") == {(): 2}
    assert rises(before, after, "verification_duration_seconds_count") == {(): 1}
    assert value(after, "verification_duration_seconds_sum") == pytest.approx(5, abs=1)  # between the rounds
    assert rises(before, after, "gate_request_duration_seconds_count") == {("accepted",): 6}
    assert {place: count for (place,), count in rises(before, after, "checkpoint_duration_seconds_count").items()} == {
        "cp0": 1,
        "cp1": 1,
        "cp2": 1,
        "cp3": 2,
        "cp4": 1,
    }
    assert not rises(before, after, "takeovers_total")
    assert not rises(before, after, "faults_total")


def test_each_request_to_an_api_server_by_what_became_of_it(watched: Watched) -> None:
    before = watched.scrape()
    lost = [Fault("lost")]
    watched.world.fault = lambda request: lost.pop() if lost and _writes(request) else None
    watched.world.submit("task-1", "one")
    watched.run("task-1")
    after = watched.scrape()
    counted = rises(before, after, "api_requests_total")
    assert counted[("default", "lost", "patch")] == 1
    assert counted[("default", "answered", "patch_dry_run")] >= 1
    assert {request for _, _, request in counted} == _REQUESTS
    timed = rises(before, after, "api_request_duration_seconds_count")
    for endpoint, request in timed:
        assert timed[endpoint, request] == sum(n for (e, _, r), n in counted.items() if (e, r) == (endpoint, request))


def test_a_run_that_another_process_left_is_a_takeover_and_only_the_second_part_is_timed(watched: Watched) -> None:
    watched.world.submit("task-1", "one")
    watched.world.fault = _dies
    with pytest.raises(Died):
        watched.run("task-1")
    watched.world.fault = lambda request: None
    watched.world.clock.sleep(61)
    before = watched.scrape()
    watched.run("task-1")
    after = watched.scrape()
    assert rises(before, after, "takeovers_total") == {(): 1}
    decided = sum(rises(before, after, "decisions_total").values())
    assert sum(rises(before, after, "checkpoint_duration_seconds_count").values()) == decided - 1
    assert sum(rises(before, after, "checkpoint_duration_seconds_sum").values()) < 61, "nobody was at work for a minute"


def test_an_escalation_and_a_sidecar_that_does_not_answer(watched: Watched) -> None:
    watched.world.submit("task-1", "one")
    watched.world.waive("task-1", {"id": "EXC-1", "status": "open"})
    before = watched.scrape()
    watched.run("task-1")
    after = watched.scrape()
    assert rises(before, after, "runs_ended_total") == {("escalated",): 1}
    assert rises(before, after, "denials_total") == {("cp1", "waiver_absence.open_waiver", "escalate"): 1}
    watched.world.submit("task-2", "two")
    served = watched.world.settings
    nobody = Opa(socket=watched.world.folder / "nobody.sock")
    watched.world.settings = served.model_copy(update={"opa": nobody})
    with pytest.raises(SidecarFault):
        watched.run("task-2")
    assert rises(after, watched.scrape(), "faults_total") == {("SidecarFault",): 1}


def test_what_may_rise_is_there_from_the_start(watched: Watched, bundle: Bundle) -> None:  # noqa: F811
    """The rate of a series that begins with 1 is 0."""
    scrape = watched.scrape()
    for name, labels in (
        ("faults_total", {"fault": "LedgerUnwritable"}),
        ("faults_total", {"fault": "other"}),
        ("takeovers_total", {}),
        ("heads_kept_back_total", {}),
        ("runs_ended_total", {"outcome": "escalated"}),
        ("decisions_total", {"checkpoint": "cp2", "verdict": "retry"}),
        ("gate_request_duration_seconds_count", {"outcome": "refused"}),
    ):
        assert value(scrape, name, **labels) == 0, (name, labels)
    assert value(scrape, "build_info", version=__version__, revision=bundle.content_sha256) == 1


def test_codes_are_labels_only_up_to_a_limit() -> None:
    registry = CollectorRegistry()
    metrics = Metrics(registry)
    for number in range(MOST_CODES + 10):
        metrics.refused.labels(metrics.bounded(f"check.code_{number}")).inc()
    scrape = generate_latest(registry).decode()
    assert value(scrape, "refused_answers_total", code="other") == 10
    assert value(scrape, "refused_answers_total", code="check.code_7") == 1


def test_a_bug_is_counted_as_other_and_goes_on() -> None:
    registry = CollectorRegistry()
    with pytest.raises(ZeroDivisionError), Metrics(registry).faults():
        raise ZeroDivisionError
    assert value(generate_latest(registry).decode(), "faults_total", fault="other") == 1


def _writes(request: Call) -> bool:
    return request.method == "PATCH" and ("dryRun", "All") not in request.query


def _dies(request: Call) -> None:
    if _writes(request):
        raise Died
