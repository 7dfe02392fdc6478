"""What the effects rely on, for the cluster in memory and for a real API server."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from tests.cluster.conftest import World

from runbook_gate.audit.protocol import AuditQuery
from runbook_gate.cluster.deadline import Deadline
from runbook_gate.cluster.namespace import field_manager
from runbook_gate.cluster.projection import cluster_identity, executor_identity, namespace_read
from runbook_gate.cluster.protocol import LabelPatch
from runbook_gate.models.base import Labels
from runbook_gate.models.observation import NamespaceObject, NamespaceRead

PREFIX = "pod-security.kubernetes.io/"
KEYS = tuple(
    f"{PREFIX}{mode}" for mode in ("audit", "audit-version", "enforce", "enforce-version", "warn", "warn-version")
)
TUPLE: Labels = dict(zip(KEYS, ["restricted", "v1.34"] * 3, strict=True))
GIVEN = {key: str(value) for key, value in TUPLE.items()}


def read(world: World, name: str) -> NamespaceRead:
    with world.cluster.open(20) as connection:
        return namespace_read(connection.read_namespace(name), KEYS)


def there(world: World, name: str) -> NamespaceObject:
    found = read(world, name).object
    assert found is not None
    return found


def patch_of(found: NamespaceObject, labels: Labels, **changes: str) -> LabelPatch:
    fields = {"uid": str(found.uid), "resource_version": str(found.resource_version), **changes}
    return LabelPatch(namespace=str(found.name), labels=labels, field_manager=field_manager("01kq3v", 1), **fields)


def send(world: World, patch: LabelPatch, *, dry_run: bool = False, **more: Any) -> NamespaceRead:
    with world.cluster.open(20) as connection:
        return namespace_read(connection.patch_namespace(patch, dry_run=dry_run, **more), KEYS)


def test_reads_a_namespace(world: World) -> None:
    name = world.stage.namespace({KEYS[2]: "baseline", "team": "payments"})
    found = read(world, name)
    assert (found.http.outcome, found.http.status) == ("answered", 200)
    assert found.object is not None
    assert found.object.labels == {**dict.fromkeys(KEYS), KEYS[2]: "baseline"}
    assert (found.object.name, found.object.phase, found.object.deletion_ms) == (name, "Active", None)
    assert found.http.date_ms is not None
    assert abs(found.http.date_ms - world.clock.read().at_ms) < 10_000


def test_says_that_a_namespace_is_missing(world: World) -> None:
    found = read(world, f"missing-{uuid.uuid4().hex}")
    assert (found.http.status, found.http.reason, found.object) == (404, "NotFound", None)
    assert found.http.message is not None
    assert found.http.message.pattern == "not_found"


def test_says_who_we_are_and_which_cluster_it_is(world: World) -> None:
    with world.cluster.open(20) as connection:
        assert executor_identity(connection.self_subject_review()).username == "admin"
        first = cluster_identity(connection.read_namespace("kube-system"))
        assert first.uid == cluster_identity(connection.read_namespace("kube-system")).uid
        assert first.uid is not None


def test_sets_and_removes_labels_under_its_marker(world: World) -> None:
    before = there(world, world.stage.namespace({KEYS[0]: "privileged", KEYS[2]: "baseline"}))
    wanted = {**TUPLE, KEYS[0]: None, KEYS[1]: None}
    audit_id = uuid.uuid4().hex * 2
    answer = send(world, patch_of(before, wanted), audit_id=audit_id)
    assert (answer.http.status, answer.http.audit_id) == (200, audit_id)
    after = there(world, str(before.name))
    assert after == answer.object
    assert after.labels == wanted
    assert after.resource_version != before.resource_version
    assert [(marker.run, marker.attempt, marker.operation) for marker in after.markers] == [("01kq3v", 1, "Update")]


def test_a_dry_run_predicts_and_stores_nothing(world: World) -> None:
    before = there(world, world.stage.namespace({}))
    answer = send(world, patch_of(before, TUPLE), dry_run=True)
    assert answer.object is not None
    assert answer.object.labels == TUPLE
    assert there(world, str(before.name)) == before


def test_a_patch_that_changes_nothing_keeps_the_version(world: World) -> None:
    before = there(world, world.stage.namespace(GIVEN))
    assert send(world, patch_of(before, TUPLE)).http.status == 200
    assert there(world, str(before.name)) == before


@pytest.mark.parametrize("dry_run", [False, True])
def test_refuses_a_stale_version(world: World, *, dry_run: bool) -> None:
    before = there(world, world.stage.namespace({}))
    send(world, patch_of(before, {KEYS[0]: "baseline"}))
    answer = send(world, patch_of(before, TUPLE), dry_run=dry_run).http
    assert (answer.status, answer.reason) == (409, "Conflict")
    assert answer.message is not None
    assert answer.message.pattern == "conflict"


def test_refuses_another_uid(world: World) -> None:
    before = there(world, world.stage.namespace({}))
    answer = send(world, patch_of(before, TUPLE, uid=str(uuid.uuid4()))).http
    assert (answer.status, answer.reason) == (422, "Invalid")
    assert {cause.field for cause in answer.causes} == {"metadata.uid"}
    assert answer.message is not None
    assert answer.message.pattern == "immutable_field"


def test_refuses_a_level_that_there_is_not(world: World) -> None:
    before = there(world, world.stage.namespace({}))
    answer = send(world, patch_of(before, {KEYS[2]: "Restricted"})).http
    assert answer.status == 422
    assert [cause.field for cause in answer.causes] == [f"metadata.labels[{KEYS[2]}]"]
    assert answer.message is not None
    assert answer.message.pattern == "invalid"


def test_sends_nothing_after_the_deadline(world: World) -> None:
    before = there(world, world.stage.namespace({}))
    now = world.clock.read()
    answer = send(world, patch_of(before, TUPLE), not_after=Deadline.of(now.at_ms, now))
    assert (answer.http.outcome, answer.http.status, answer.object) == ("not_sent", None, None)
    assert there(world, str(before.name)) == before


def test_the_audit_log_shows_writes_and_what_they_did(world: World) -> None:
    before = there(world, world.stage.namespace({}))
    since_ms = world.clock.read().at_ms
    audit_id = uuid.uuid4().hex * 2
    send(world, patch_of(before, {KEYS[2]: "baseline"}), audit_id=audit_id)
    send(world, patch_of(there(world, str(before.name)), {"team": "x"}))
    query = AuditQuery(frozenset({audit_id}), str(before.name), since_ms, KEYS)
    found = world.audit.lookup(query)
    assert [event.code for event in found.events] == [200]
    assert [event.change and event.change.labels for event in found.writes] == [{KEYS[2]: "baseline"}, None]
