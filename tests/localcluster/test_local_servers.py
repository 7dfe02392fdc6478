"""A real etcd and a real kube-apiserver: what the rest of the tests rely on."""

from __future__ import annotations

import http.client
import json
import ssl
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from kubernetes.client import ApiException

from runbook_gate.errors import ServerFault
from runbook_gate.localcluster import ApiServerOptions
from runbook_gate.localcluster.credentials import write_kubeconfig
from runbook_gate.localcluster.seeding import Seeder

if TYPE_CHECKING:
    from pathlib import Path

    from runbook_gate.localcluster import ApiServer, LocalCluster

UNSAFE_POD = {
    "metadata": {"name": "unsafe"},
    "spec": {"hostNetwork": True, "containers": [{"name": "c", "image": "example.invalid/c"}]},
}


def request(
    server: ApiServer, method: str, path: str, body: Any = None, audit_id: str = "", seconds: float = 10
) -> int:
    """One request as admin; returns the status."""
    context = ssl.create_default_context(cafile=server.ca_file)
    connection = http.client.HTTPSConnection("127.0.0.1", server.port, timeout=seconds, context=context)
    headers = {"Authorization": f"Bearer {server.admin_token}", "Content-Type": "application/json"}
    if audit_id:
        headers["Audit-ID"] = audit_id
    try:
        connection.request(method, path, json.dumps(body) if body else None, headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()


def events(server: ApiServer, audit_id: str) -> list[dict[str, Any]]:
    lines = server.audit_log.read_text(encoding="utf-8").splitlines()
    return [event for event in map(json.loads, lines) if event["auditID"] == audit_id]


def test_is_ready_and_tells_users_apart(cluster: LocalCluster, target_namespace: str) -> None:
    assert request(cluster.server, "GET", "/readyz") == 200
    with Seeder(cluster.server.kubeconfig("executor")) as executor:
        executor.label(target_namespace, {"set-by": "executor"})
        assert executor.uid("kube-system")
        with pytest.raises(ApiException, match="Forbidden"):
            executor.uid("default")
        with pytest.raises(ApiException, match="Forbidden"):
            executor.core.list_namespaced_pod(target_namespace)
    with Seeder(cluster.server.kubeconfig("plain")) as plain, pytest.raises(ApiException, match="Forbidden"):
        plain.uid(target_namespace)
    with Seeder(cluster.server.kubeconfig("other-controller")) as other:
        other.label(target_namespace, {"set-by": "other"})


def test_an_audit_event_is_there_when_the_answer_is(cluster: LocalCluster, target_namespace: str) -> None:
    audit_id = str(uuid.uuid4())
    path = f"/api/v1/namespaces/{target_namespace}/pods?dryRun=All"
    labels = {"pod-security.kubernetes.io/enforce": "baseline"}
    with Seeder(cluster.server.kubeconfig()) as seeder:
        seeder.label(target_namespace, dict(labels))
    assert request(cluster.server, "POST", path, UNSAFE_POD, audit_id) == 403
    (event,) = events(cluster.server, audit_id)
    assert event["stage"] == "ResponseComplete"
    assert event["annotations"]["pod-security.kubernetes.io/enforce-policy"] == "baseline:latest"
    assert "requestObject" not in event


def test_the_audit_log_has_what_a_foreign_writer_changed(cluster: LocalCluster, target_namespace: str) -> None:
    with Seeder(cluster.server.kubeconfig("other-controller")) as other:
        other.label(target_namespace, {"pod-security.kubernetes.io/warn": "baseline"})
    lines = cluster.server.audit_log.read_text(encoding="utf-8").splitlines()
    (event,) = [
        event
        for event in map(json.loads, lines)
        if event["user"].get("username") == "other-controller" and event["objectRef"].get("name") == target_namespace
    ]
    assert event["requestObject"]["metadata"]["labels"] == {"pod-security.kubernetes.io/warn": "baseline"}
    assert "managedFields" not in event["responseObject"]["metadata"]


def test_a_namespace_can_be_deleted_and_made_again(cluster: LocalCluster) -> None:
    name = f"again-{uuid.uuid4().hex[:8]}"
    with Seeder(cluster.server.kubeconfig()) as seeder:
        first = seeder.namespace(name)
        seeder.delete_namespace(name, finalize=False)
        assert seeder.core.read_namespace(name).status.phase == "Terminating"
        seeder.finalize_namespace(name)
        with pytest.raises(ApiException, match="Not Found"):
            seeder.uid(name)
        assert seeder.namespace(name) != first


def test_what_is_shared_cannot_be_stopped_or_frozen(cluster: LocalCluster) -> None:
    with pytest.raises(ServerFault, match="not this process's"):
        cluster.etcd.pause()
    cluster.server.stop()
    assert request(cluster.server, "GET", "/readyz") == 200


def test_a_second_server_shares_the_objects_but_not_the_admission(cluster: LocalCluster, target_namespace: str) -> None:
    with Seeder(cluster.server.kubeconfig()) as seeder:
        seeder.label(target_namespace, {"pod-security.kubernetes.io/enforce": "baseline"})
    path = f"/api/v1/namespaces/{target_namespace}/pods?dryRun=All"
    options = ApiServerOptions(name=f"open-{uuid.uuid4().hex[:8]}", pod_security_disabled=True)
    with cluster.second_server(options) as second:
        assert request(second, "POST", path, UNSAFE_POD) == 201
        assert request(cluster.server, "POST", path, UNSAFE_POD) == 403
    assert not second.process.running


def test_a_namespace_can_be_exempt(cluster: LocalCluster, target_namespace: str) -> None:
    with Seeder(cluster.server.kubeconfig()) as seeder:
        seeder.label(target_namespace, {"pod-security.kubernetes.io/enforce": "baseline"})
    path = f"/api/v1/namespaces/{target_namespace}/pods?dryRun=All"
    name = f"exempting-{uuid.uuid4().hex[:8]}"
    options = ApiServerOptions(name=name, pod_security_exempt_namespaces=(target_namespace,))
    with cluster.second_server(options) as second:
        audit_id = str(uuid.uuid4())
        assert request(second, "POST", path, UNSAFE_POD, audit_id) == 201
        (event,) = events(second, audit_id)
    assert event["annotations"]["pod-security.kubernetes.io/exempt"] == "namespace"


def test_stops_starts_again_on_the_same_port_and_freezes(own_cluster: LocalCluster) -> None:
    server, etcd = own_cluster.server, own_cluster.etcd
    with Seeder(server.kubeconfig()) as seeder:
        uid = seeder.uid("kube-system")
    url, token = server.url, server.admin_token
    server.stop()
    with pytest.raises(ConnectionRefusedError):
        request(server, "GET", "/readyz")
    server.start_again()
    assert (server.url, server.admin_token) == (url, token)
    with Seeder(server.kubeconfig()) as seeder:
        assert seeder.uid("kube-system") == uid
    etcd.pause()
    path = "/api/v1/namespaces/default/serviceaccounts?timeout=1s"
    assert request(server, "POST", path, {"metadata": {"name": "late"}}) == 504
    etcd.resume()
    assert request(server, "POST", path, {"metadata": {"name": "in-time"}}) == 201


def test_a_kubeconfig_that_several_threads_write_is_whole(tmp_path: Path) -> None:
    def write(number: int) -> Path:
        return write_kubeconfig(tmp_path / "kubeconfig", url="https://x", ca_file=tmp_path, user="u", token="t" * 9_000)

    with ThreadPoolExecutor(max_workers=8) as pool:
        written = set(pool.map(write, range(200)))
    [path] = written
    assert json.loads(path.read_text(encoding="utf-8"))["users"][0]["user"]["token"] == "t" * 9_000
    assert list(tmp_path.iterdir()) == [path]
