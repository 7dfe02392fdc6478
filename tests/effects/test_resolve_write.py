"""resolve_write: the state and the audit log, side by side."""

from __future__ import annotations

from tests.effects.conftest import INTENT, KEYS, TUPLE, Bench
from tests.effects.test_patch_labels import params as patch_params
from tests.fakes.cluster import Fault

from runbook_gate.cluster.calls import patch_namespace
from runbook_gate.cluster.protocol import LabelPatch
from runbook_gate.effects.patch_labels import PatchLabels
from runbook_gate.effects.resolve_write import ResolveWrite
from runbook_gate.models.params import ResolveWriteParams


def params(bench: Bench) -> ResolveWriteParams:
    return ResolveWriteParams(
        namespace="payments", label_keys=list(KEYS), audit_ids=[INTENT], since_ms=bench.clock.read().at_ms
    )


def test_a_write_that_landed_without_an_answer_is_seen(bench: Bench) -> None:
    asked = params(bench)
    bench.cluster.fault = lambda call: Fault("lost", delivered=True) if call.method == "PATCH" else None
    PatchLabels().run(patch_params(bench), bench.context)
    body = ResolveWrite().run(asked, bench.context)
    assert body.read.object is not None
    assert body.read.object.labels == TUPLE
    assert [marker.attempt for marker in body.read.object.markers] == [1]
    assert [event.audit_id for event in body.audit.events] == [INTENT]
    assert [event.change and event.change.labels for event in body.audit.writes] == [TUPLE]


def test_a_write_that_did_not_arrive_leaves_no_trace(bench: Bench) -> None:
    bench.cluster.fault = lambda call: Fault("lost") if call.method == "PATCH" else None
    PatchLabels().run(patch_params(bench), bench.context)
    body = ResolveWrite().run(params(bench), bench.context)
    assert body.read.object is not None
    assert (body.read.object.markers, body.audit.events, body.audit.writes) == ([], [], [])


def test_a_foreign_write_has_a_name(bench: Bench) -> None:
    asked = params(bench)
    patch = LabelPatch("payments", None, None, {KEYS[2]: "baseline"}, "kubectl-label")  # type: ignore[arg-type]
    bench.server.handle(patch_namespace(patch, dry_run=False, audit_id=None), user="someone")
    body = ResolveWrite().run(asked, bench.context)
    assert [(event.username, event.change and event.change.labels) for event in body.audit.writes] == [
        ("someone", {KEYS[2]: "baseline"})
    ]
    assert body.read.object is not None
    assert body.read.object.managers == ["kubectl-label"]


def test_no_answer_is_an_observation(bench: Bench) -> None:
    bench.cluster.fault = lambda call: Fault("timed_out")
    body = ResolveWrite().run(params(bench), bench.context)
    assert (body.read.http.outcome, body.read.object, body.audit.outcome) == ("timed_out", None, "answered")
    assert [call.method for call in bench.cluster.requests] == ["GET"]
