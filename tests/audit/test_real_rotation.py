"""Rotation as kube-apiserver does it: the events asked for are found across files, and a cut log says so."""

from __future__ import annotations

from pathlib import Path

from runbook_gate.audit.files import AuditFiles
from runbook_gate.audit.protocol import AuditQuery
from runbook_gate.clock import SystemClock
from runbook_gate.localcluster.apiserver import ApiServerOptions
from runbook_gate.localcluster.cluster import LocalCluster
from runbook_gate.localcluster.seeding import Seeder

KEYS = ("pod-security.kubernetes.io/enforce",)


def test_events_are_found_in_rotated_files(tmp_path: Path) -> None:
    options = ApiServerOptions(audit_max_size=1)
    with LocalCluster.start(tmp_path, options) as cluster, Seeder(cluster.server.kubeconfig()) as seeder:
        log, clock = cluster.server.audit_log, SystemClock()
        seeder.namespace("payments")
        since_ms = clock.read().at_ms
        seeder.label("payments", {KEYS[0]: "baseline"})
        for number in range(50):
            note = {"metadata": {"annotations": {"note": f"{number}" * 15_000}}}
            seeder.core.patch_namespace("payments", note)
        query = AuditQuery(frozenset(), "payments", since_ms, KEYS)
        found = AuditFiles((log,), clock).lookup(query)
        rotated = sorted(log.parent.glob("audit-*.log"))
        assert len(rotated) >= 2
        assert (found.outcome, found.complete, len(found.writes)) == ("answered", True, 51)
        assert [event.change and event.change.labels for event in found.writes[:2]] == [{KEYS[0]: "baseline"}, None]
        rotated[0].unlink()
        cut = AuditFiles((log,), clock).lookup(query)
        assert (cut.outcome, cut.complete) == ("answered", False)
        assert 0 < len(cut.writes) < 51
