"""patch_labels: one request, bound, marked, in time or not at all."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.effects.conftest import INTENT, TUPLE, Bench
from tests.fakes.cluster import Fault

from runbook_gate.effects.patch_labels import PatchLabels
from runbook_gate.models.params import PatchLabelsParams


def params(bench: Bench, **changes: object) -> PatchLabelsParams:
    metadata = bench.target["metadata"]
    made = PatchLabelsParams(
        namespace="payments",
        uid=metadata["uid"],
        resource_version=metadata["resourceVersion"],
        labels=TUPLE,
        not_after_ms=bench.clock.read().at_ms + 10_000,
    )
    return made.model_copy(update=changes)


def test_one_patch_with_everything_that_binds_it(bench: Bench) -> None:
    asked = params(bench)
    body = PatchLabels().run(asked, bench.context)
    [call] = bench.cluster.requests
    assert (call.method, call.content_type, call.audit_id) == ("PATCH", "application/merge-patch+json", INTENT)
    assert set(call.query) == {
        ("timeout", "10s"),
        ("fieldManager", "rbgate.01kq3v.1"),
        ("fieldValidation", "Strict"),
    }
    assert call.body == {"metadata": {"uid": asked.uid, "resourceVersion": asked.resource_version, "labels": TUPLE}}
    assert (body.intent, body.patched.http.status, body.patched.http.audit_id) == (INTENT, 200, INTENT)
    assert body.patched.object is not None
    assert body.patched.object.labels == TUPLE
    assert [marker.manager for marker in body.patched.object.markers] == ["rbgate.01kq3v.1"]


@pytest.mark.parametrize(
    ("wall_ms", "boot_ms", "outcome"),
    [(9_999, 9_999, "answered"), (10_000, 5, "not_sent"), (5, 10_000, "not_sent"), (-60_000, 10_001, "not_sent")],
)
def test_nothing_is_sent_past_either_clock(bench: Bench, wall_ms: int, boot_ms: int, outcome: str) -> None:
    asked = params(bench)
    bench.clock.move(wall_ms, boot_ms)
    body = PatchLabels().run(asked, bench.context)
    assert body.patched.http.outcome == outcome
    assert len(bench.cluster.requests) == (1 if outcome == "answered" else 0)


def test_nothing_is_sent_after_a_reboot(bench: Bench) -> None:
    asked = params(bench)
    bench.clock.reading = replace(bench.clock.reading, boot_id="boot-2")
    assert PatchLabels().run(asked, bench.context).patched.http.outcome == "not_sent"


def test_nothing_is_sent_without_an_intent(bench: Bench) -> None:
    with pytest.raises(ValueError, match="intent"):
        PatchLabels().run(params(bench), replace(bench.context, intent=None))
    assert bench.cluster.requests == []


@pytest.mark.parametrize("fault", [Fault("refused"), Fault("timed_out"), Fault("lost"), Fault("lost", delivered=True)])
def test_no_answer_is_an_observation_and_never_a_second_request(bench: Bench, fault: Fault) -> None:
    bench.cluster.fault = lambda call: fault
    body = PatchLabels().run(params(bench), bench.context)
    assert (body.patched.http.outcome, body.patched.http.status, body.patched.object) == (fault.outcome, None, None)
    assert len(bench.cluster.requests) == 1


def test_a_conflict_is_an_observation(bench: Bench) -> None:
    body = PatchLabels().run(params(bench, resource_version="1"), bench.context)
    assert (body.patched.http.status, body.patched.http.reason, body.patched.object) == (409, "Conflict", None)
    assert len(bench.cluster.requests) == 1
