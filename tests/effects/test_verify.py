"""verify: each server in its own round, every probe a dry run under a name and an Audit-ID of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.effects.conftest import KEYS, TUPLE, Bench
from tests.fakes.cluster import FakeCluster, Fault

from runbook_gate.canonical import gate_bytes, sha256_hex
from runbook_gate.effects.verify import Verify
from runbook_gate.models.params import ProbeSpec, VerifyParams

BAD: dict[str, Any] = {"hostNetwork": True, "containers": [{"name": "probe", "image": "i"}]}
GOOD: dict[str, Any] = {
    "securityContext": {"runAsNonRoot": True},
    "containers": [{"name": "probe", "image": "i", "securityContext": {"allowPrivilegeEscalation": False}}],
}
LABELS = {"labels": {"sidecar.istio.io/inject": "false"}}
MANIFESTS: dict[str, dict[str, Any]] = {
    "P1": {"apiVersion": "v1", "kind": "Pod", "metadata": LABELS, "spec": BAD},
    "P2": {"apiVersion": "v1", "kind": "PodTemplate", "template": {"spec": BAD}},
    "P2c": {"apiVersion": "v1", "kind": "PodTemplate", "template": {"spec": GOOD}},
    "P3": {"apiVersion": "v1", "kind": "Pod", "spec": GOOD},
}
SPECS = [
    ProbeSpec(name=name, resource="pods" if body["kind"] == "Pod" else "podtemplates", manifest=body)
    for name, body in MANIFESTS.items()
]
PARAMS = VerifyParams(
    namespace="payments", label_keys=list(KEYS), probes=SPECS, audit_ids=["earlier"], since_ms=1_795_168_800_000
)


@pytest.fixture
def restored(bench: Bench) -> Bench:
    bench.server.create_namespace("payments", {key: value for key, value in TUPLE.items() if value})
    return bench


def test_a_round_is_readback_probes_readback_on_one_new_connection(restored: Bench) -> None:
    body = Verify().run(PARAMS, restored.context)
    assert [call.method for call in restored.cluster.requests] == ["GET", "POST", "POST", "POST", "POST", "GET"]
    assert restored.cluster.connections == 1
    assert (body.sampled, [server.endpoint for server in body.servers]) == (True, ["default"])
    [server] = body.servers
    assert server.first.object == server.last.object
    assert [probe.name for probe in server.probes] == list(MANIFESTS)
    statuses = [probe.http.status for probe in server.probes]
    assert statuses == [403, 201, 201, 201]
    [first, second, third, _] = server.probes
    assert first.http.message is not None
    assert (first.http.message.pattern, first.http.message.level_version) == ("psa_violation", "restricted:v1.34")
    assert (second.http.warnings.pod_security, third.http.warnings.pod_security) == (["restricted:v1.34"], [])


def test_every_probe_is_a_dry_run_with_its_own_name_and_audit_id(restored: Bench) -> None:
    bodies = [Verify().run(PARAMS, restored.context) for _ in range(2)]
    probes = [probe for body in bodies for probe in body.servers[0].probes]
    posts = [call for call in restored.cluster.requests if call.method == "POST"]
    assert all(("dryRun", "All") in call.query for call in posts)
    assert [call.audit_id for call in posts] == [probe.audit_id for probe in probes]
    assert [(call.body or {})["metadata"]["name"] for call in posts] == [probe.object_name for probe in probes]
    assert {(call.body or {})["metadata"]["namespace"] for call in posts} == {"payments"}
    assert (posts[0].body or {})["metadata"]["labels"] == LABELS["labels"]
    assert len({probe.audit_id for probe in probes}) == len({probe.object_name for probe in probes}) == 8
    assert probes[0].object_name.startswith("rbgate-probe-p1-")
    digests = [sha256_hex(gate_bytes(manifest)) for manifest in MANIFESTS.values()]
    assert [probe.template_sha256 for probe in probes] == digests * 2
    assert list(MANIFESTS["P3"]) == ["apiVersion", "kind", "spec"]


def test_the_audit_log_is_asked_for_this_round_and_for_what_was_missing(restored: Bench) -> None:
    restored.server.audit.append({"auditID": "earlier", "stage": "ResponseComplete"})
    body = Verify().run(PARAMS, restored.context)
    sent = [probe.audit_id for probe in body.servers[0].probes]
    assert [event.audit_id for event in body.audit.events] == ["earlier", *sent]
    assert [event.enforce_policy for event in body.audit.events[1:]] == [
        "restricted:v1.34",
        None,
        None,
        "restricted:v1.34",
    ]


def test_each_listed_server_has_its_round(restored: Bench) -> None:
    servers = tuple(FakeCluster(restored.server, restored.clock, name) for name in ("api-1", "api-2"))
    body = Verify().run(PARAMS, replace(restored.context, servers=servers))
    assert (body.sampled, [server.endpoint for server in body.servers]) == (False, ["api-1", "api-2"])
    assert [server.connections for server in servers] == [1, 1]
    assert (restored.cluster.connections, restored.cluster.requests) == (0, [])
    assert len(body.audit.events) == 8


def test_a_server_that_does_not_answer_gets_no_probes_and_the_others_do(restored: Bench) -> None:
    dead, alive = (FakeCluster(restored.server, restored.clock, name) for name in ("api-1", "api-2"))
    dead.fault = lambda call: Fault("refused")
    body = Verify().run(PARAMS, replace(restored.context, servers=(dead, alive)))
    first, second = body.servers
    assert first.first.http.outcome == "refused"
    assert {probe.http.outcome for probe in first.probes} | {first.last.http.outcome} == {"not_sent"}
    assert len(dead.requests) == 1
    assert [probe.http.outcome for probe in second.probes] == ["answered"] * 4


def test_a_probe_that_was_altered_is_described_by_pointers(restored: Bench) -> None:
    handle = restored.server.handle

    def stripped(call: Any, user: str | None = None) -> Any:
        answer, audit_id = handle(call, user)
        answer.body.get("spec", {}).pop("securityContext", None)
        answer.body.get("spec", {}).setdefault("nodeName", "planted-node")
        return answer, audit_id

    restored.server.handle = stripped  # type: ignore[method-assign]
    body = Verify().run(PARAMS, restored.context)
    probe = body.servers[0].probes[3]
    assert (probe.differs, probe.additions) == (["/spec/securityContext/runAsNonRoot"], 4)
    assert "planted-node" not in body.model_dump_json()
