"""What verification relies on, for the cluster in memory and for a real API server."""

from __future__ import annotations

import uuid
from typing import Any

from tests.cluster.conftest import World
from tests.cluster.test_contract import GIVEN, KEYS, there

from runbook_gate.audit.protocol import AuditQuery
from runbook_gate.cluster.messages import SentObject
from runbook_gate.cluster.projection import http_answer
from runbook_gate.cluster.protocol import ProbeResource
from runbook_gate.models.audit_answer import AuditEvent
from runbook_gate.models.http import HttpAnswer

BAD_SPEC: dict[str, Any] = {"hostNetwork": True, "containers": [{"name": "c", "image": "i"}]}
GOOD_SPEC: dict[str, Any] = {
    "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
    "containers": [
        {
            "name": "c",
            "image": "i",
            "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        }
    ],
}


def probe(world: World, namespace: str, resource: ProbeResource, spec: Any) -> tuple[HttpAnswer, AuditEvent]:
    body = {"template": {"spec": spec}} if resource == "podtemplates" else {"spec": spec}
    kind = "PodTemplate" if resource == "podtemplates" else "Pod"
    name, audit_id = f"probe-{uuid.uuid4().hex[:8]}", str(uuid.uuid4())
    manifest = {"apiVersion": "v1", "kind": kind, "metadata": {"name": name}, **body}
    since_ms = world.clock.read().at_ms - 1_000
    with world.cluster.open(20) as connection:
        answer = connection.create(resource, namespace, manifest, audit_id=audit_id)
    found = world.audit.lookup(AuditQuery(frozenset({audit_id}), namespace, since_ms, KEYS))
    assert [event.audit_id for event in found.events] == [audit_id]
    event = found.events[0]
    assert (event.verb, event.resource, event.name, event.dry_run) == ("create", resource, name, True)
    assert event.username == "admin"
    return http_answer(answer, SentObject(resource, name)), event


def test_a_violating_pod_is_rejected_with_level_and_version(world: World) -> None:
    answer, event = probe(world, world.stage.namespace(GIVEN), "pods", BAD_SPEC)
    assert (answer.status, answer.reason, answer.kind) == (403, "Forbidden", "pods")
    assert answer.message is not None
    assert (answer.message.pattern, answer.message.level_version) == ("psa_violation", "restricted:v1.34")
    assert (event.code, event.enforce_policy) == (403, "restricted:v1.34")


def test_a_violating_template_is_warned_about(world: World) -> None:
    answer, event = probe(world, world.stage.namespace(GIVEN), "podtemplates", BAD_SPEC)
    assert (answer.status, answer.warnings.pod_security) == (201, ["restricted:v1.34"])
    assert (event.code, event.violations, event.enforce_policy) == (201, "restricted:v1.34", None)


def test_a_compliant_template_passes_in_silence(world: World) -> None:
    answer, event = probe(world, world.stage.namespace(GIVEN), "podtemplates", GOOD_SPEC)
    assert (answer.status, answer.warnings.pod_security, event.violations) == (201, [], None)


def test_a_compliant_pod_is_admitted_and_never_stored(world: World) -> None:
    name = world.stage.namespace(GIVEN)
    for _ in range(2):
        answer, event = probe(world, name, "pods", GOOD_SPEC)
        assert (answer.status, event.enforce_policy, event.violations) == (201, "restricted:v1.34", None)


def test_without_labels_nothing_is_rejected(world: World) -> None:
    answer, event = probe(world, world.stage.namespace({}), "pods", BAD_SPEC)
    assert (answer.status, event.enforce_policy) == (201, "privileged:latest")


def test_a_terminating_namespace_takes_nothing(world: World) -> None:
    name = world.stage.namespace(GIVEN)
    world.stage.terminate(name)
    found = there(world, name)
    assert found.phase == "Terminating"
    assert found.deletion_ms is not None
    answer, _ = probe(world, name, "podtemplates", GOOD_SPEC)
    assert [cause.reason for cause in answer.causes] == ["NamespaceTerminating"]
    assert answer.message is not None
    assert answer.message.pattern == "namespace_terminating"
