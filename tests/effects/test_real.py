"""The four effects on a real API server, with the executor's rights, beside everything that must not be kept."""

from __future__ import annotations

import subprocess
import sys
import uuid
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.conftest import NamespaceFactory
from tests.effects.conftest import KEYS, TUPLE

from runbook_gate.audit.files import AuditFiles
from runbook_gate.clock import SystemClock
from runbook_gate.cluster.client import ClusterClient, Endpoint
from runbook_gate.effects.context import EffectContext
from runbook_gate.effects.gather import Gather
from runbook_gate.effects.patch_labels import PatchLabels
from runbook_gate.effects.resolve_write import ResolveWrite
from runbook_gate.effects.verify import Verify
from runbook_gate.localcluster.cluster import LocalCluster
from runbook_gate.localcluster.seeding import Seeder
from runbook_gate.models.ledger_facts import LedgerFacts
from runbook_gate.models.params import GatherParams, PatchLabelsParams, ProbeSpec, ResolveWriteParams, VerifyParams
from runbook_gate.registers.files import FileRegisters

SECRET = "planted-secret"
BAD = {"hostNetwork": True, "containers": [{"name": "probe", "image": "i"}]}


@dataclass(frozen=True)
class Target:
    namespace: str
    context: EffectContext


@pytest.fixture
def target(cluster: LocalCluster, seeder: Seeder, namespace_factory: NamespaceFactory) -> Target:
    """A namespace with other labels, annotations and a tenant's pod that breaks the tuple."""
    name = namespace_factory({"team": SECRET})
    seeder.core.patch_namespace(name, {"metadata": {"annotations": {"note": SECRET, SECRET: "x"}}})
    spec = {**BAD, "imagePullSecrets": [{"name": SECRET}]}
    seeder.core.create_namespaced_pod(name, {"metadata": {"name": SECRET}, "spec": spec})
    clock = SystemClock()
    facts = LedgerFacts(previous_run=None, previous_chain="none", evidence_missing=[], escalations=[], paused=None)
    context = EffectContext(
        run_id="01kq3v",
        marker="rbgate.01kq3v.1",
        intent=uuid.uuid4().hex * 2,
        basis=clock.read(),
        label_keys=KEYS,
        cluster=ClusterClient(cluster.server.kubeconfig("executor"), None, Endpoint("api-1"), clock),
        servers=(),
        registers=FileRegisters({}, clock),
        audit=AuditFiles((cluster.server.audit_log,), clock),
        clock=clock,
        ledger_facts=lambda _: facts,
    )
    return Target(name, context)


def test_the_four_effects_in_their_order(target: Target) -> None:
    name, context = target.namespace, target.context
    asked = GatherParams(cluster_id="c", namespace=name, labels=TUPLE, sources=[])
    gathered = Gather().run(asked, context)
    assert gathered.identity.username == "runbook-gate"
    assert gathered.dry_run.object is not None
    assert gathered.last.object is not None
    assert (gathered.dry_run.object.labels, gathered.last.object.labels) == (TUPLE, dict.fromkeys(KEYS))
    assert gathered.dry_run.http.warnings.existing_pods

    since_ms = context.basis.at_ms
    write = PatchLabelsParams(
        namespace=name,
        uid=str(gathered.last.object.uid),
        resource_version=str(gathered.last.object.resource_version),
        labels=TUPLE,
        not_after_ms=since_ms + 10_000,
    )
    written = PatchLabels().run(write, context)
    assert written.patched.object is not None
    assert written.patched.object.labels == TUPLE

    resolved = ResolveWrite().run(
        ResolveWriteParams(namespace=name, label_keys=list(KEYS), audit_ids=[written.intent], since_ms=since_ms),
        context,
    )
    assert resolved.read.object == written.patched.object
    assert [event.code for event in resolved.audit.events] == [200]
    assert [(event.dry_run, event.username) for event in resolved.audit.writes][-1] == (False, "runbook-gate")

    manifest = {"apiVersion": "v1", "kind": "Pod", "spec": BAD}
    verified = Verify().run(
        VerifyParams(
            namespace=name,
            label_keys=list(KEYS),
            probes=[ProbeSpec(name="P1", resource="pods", manifest=manifest)],
            audit_ids=[],
            since_ms=since_ms,
        ),
        context,
    )
    [probe] = verified.servers[0].probes
    assert probe.http.message is not None
    assert (probe.http.status, probe.http.message.level_version) == (403, "restricted:v1.34")
    assert [event.enforce_policy for event in verified.audit.events] == ["restricted:v1.34"]

    for body in (gathered, written, resolved, verified):
        assert SECRET not in body.model_dump_json()
        assert "Bearer" not in body.model_dump_json()


def test_the_kubernetes_package_is_loaded_only_by_the_client() -> None:
    wanted = "import sys, runbook_gate.effects.registry; sys.exit('kubernetes' in sys.modules)"
    root = Path(__file__).resolve().parents[2]
    assert subprocess.run([sys.executable, "-c", wanted], cwd=root, check=False).returncode == 0
