"""gather: what it reads, in which order, and what it does without an answer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest
from tests.effects.conftest import KEYS, SOURCES, TUPLE, Bench
from tests.fakes.cluster import Fault

from runbook_gate.cluster.calls import Call
from runbook_gate.effects.gather import Gather
from runbook_gate.models.ledger_facts import LedgerFacts
from runbook_gate.models.params import GatherParams

PARAMS = GatherParams(cluster_id="mks-1", namespace="payments", labels=TUPLE, sources=SOURCES)


def test_registers_first_then_the_cluster_then_the_namespace(bench: Bench) -> None:
    order: list[str] = []

    def ledger(marked: Iterable[str]) -> LedgerFacts:
        order.append("ledger")
        return bench.context.ledger_facts(marked)

    def seen(call: Call) -> None:
        order.append(f"{call.method} {call.path_params.get('name', 'self')}")

    bench.cluster.fault = seen
    bench.registers.asked = order
    Gather().run(PARAMS, replace(bench.context, ledger_facts=ledger))
    assert order == [
        *SOURCES,
        "GET kube-system",
        "POST self",
        "GET payments",
        "ledger",
        "PATCH payments",
        "GET payments",
    ]
    assert bench.cluster.connections == 1


def test_the_patch_is_a_dry_run_bound_to_the_object_that_was_read(bench: Bench) -> None:
    before = dict(bench.target)
    body = Gather().run(PARAMS, bench.context)
    [patch] = [call for call in bench.cluster.requests if call.method == "PATCH"]
    metadata = before["metadata"]
    assert ("dryRun", "All") in patch.query
    assert ("fieldManager", "rbgate.01kq3v.1") in patch.query
    assert patch.body == {
        "metadata": {"uid": metadata["uid"], "resourceVersion": metadata["resourceVersion"], "labels": TUPLE}
    }
    assert dict(bench.target) == before
    assert body.dry_run.object is not None
    assert body.dry_run.object.labels == TUPLE
    assert body.last.object is not None
    assert body.first.object == body.last.object
    assert body.last.object.labels == dict.fromkeys(KEYS)
    assert body.cluster.uid == bench.server.namespaces["kube-system"]["metadata"]["uid"]
    assert body.identity.username == "runbook-gate"


def test_only_the_sources_asked_for_are_read(bench: Bench) -> None:
    params = PARAMS.model_copy(update={"sources": SOURCES[:1]})
    body = Gather().run(params, bench.context)
    assert bench.registers.asked == SOURCES[:1]
    assert (body.registers.namespace_baseline.problem, body.registers.cluster_inventory.problem) == (
        "no_file",
        "not_requested",
    )


@pytest.mark.parametrize("fault", [Fault("refused"), Fault("timed_out"), Fault("lost", delivered=True)])
def test_without_a_namespace_there_is_no_dry_run(bench: Bench, fault: Fault) -> None:
    bench.cluster.fault = lambda call: fault if call.path_params.get("name") == "payments" else None
    body = Gather().run(PARAMS, bench.context)
    assert (body.first.http.outcome, body.dry_run.http.outcome) == (fault.outcome, "not_sent")
    assert (body.first.object, body.dry_run.object) == (None, None)
    assert [call.method for call in bench.cluster.requests] == ["GET", "POST", "GET", "GET"]


def test_a_missing_namespace_is_read_twice_and_not_patched(bench: Bench) -> None:
    del bench.server.namespaces["payments"]
    body = Gather().run(PARAMS, bench.context)
    assert (body.first.http.status, body.dry_run.http.outcome, body.last.http.status) == (404, "not_sent", 404)


def test_a_change_in_between_shows_in_the_reads_and_the_dry_run(bench: Bench) -> None:
    def change(call: Call) -> None:
        if len(bench.cluster.requests) == 4:
            bench.server.namespaces["payments"]["metadata"]["resourceVersion"] = "999"

    bench.cluster.fault = change
    body = Gather().run(PARAMS, bench.context)
    assert (body.dry_run.http.status, body.dry_run.http.reason) == (409, "Conflict")
    assert body.first.object is not None
    assert body.last.object is not None
    assert (body.first.object.resource_version != "999", body.last.object.resource_version) == (True, "999")


@pytest.mark.parametrize("outcome", ["refused", "timed_out", "lost"])
def test_a_cluster_that_does_not_answer_is_an_observation(bench: Bench, outcome: str) -> None:
    bench.cluster.fault = lambda call: Fault(outcome)  # type: ignore[arg-type]
    body = Gather().run(PARAMS, bench.context)
    assert {body.cluster.http.outcome, body.identity.http.outcome, body.last.http.outcome} == {outcome}
