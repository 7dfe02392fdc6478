"""What a pod is given: the token and the authorities of its service account."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client
from tests.clusters.conftest import EAST, WEST, run_both
from tests.clusters.pods import Pod
from tests.scenarios.accounts import Account, used
from tests.scenarios.theatre import Theatre

from runbook_gate.clock import SystemClock
from runbook_gate.cluster.client import ClusterClient, Endpoint
from runbook_gate.cluster.kubeconfig import IN_CLUSTER, hardened, in_cluster_access
from runbook_gate.configuration import Cluster
from runbook_gate.errors import InvalidDocument
from runbook_gate.models.entry import Entry


@pytest.fixture
def pod(east: Theatre, west: Theatre, monkeypatch: pytest.MonkeyPatch) -> Pod:
    """The executor runs in the first cluster; the second one is reached with a kubeconfig."""
    made = Pod(east)
    made.enter(monkeypatch)
    inside = {"kubeconfig": None, "in_cluster": True}
    listed = {**east.settings.clusters, EAST: east.settings.clusters[EAST].model_copy(update=inside)}
    west.settings = east.settings = east.settings.model_copy(update={"cluster": Cluster(), "clusters": listed})
    return made


def test_a_task_of_its_own_cluster_and_one_of_another(pod: Pod, east: Theatre, west: Theatre) -> None:
    """Whole runs; the kubelet replaces the token in the middle of the first."""

    def rotated(_: Entry) -> None:
        pod.rotate()

    east.director.cues["intended"] = rotated
    run_both((east, west))
    assert (len(pod.tokens), used(east)) == (2, list(pod.tokens))


def test_its_own_cluster_is_not_taken_for_another(pod: Pod, east: Theatre, west: Theatre) -> None:
    """The namespace is there too, and the account may write it."""
    listed = {**east.settings.clusters, WEST: west.settings.clusters[WEST].model_copy(update=_own(east))}
    west.settings = west.settings.model_copy(update={"clusters": listed})
    west.submit()
    assert west.run().outcome == "escalated"
    assert "cluster_identity.wrong_cluster" in west.codes()
    assert (east.writes(), west.writes(), east.labels(), west.labels()) == ([], [], {}, {})
    assert used(east) == list(pod.tokens)


def _own(east: Theatre) -> dict[str, Any]:
    """How the executor's own cluster is reached."""
    return {name: getattr(east.settings.clusters[EAST], name) for name in Cluster.model_fields}


def test_it_is_known_as_the_service_account_also_when_the_token_is_replaced(theatre: Theatre, tmp_path: Path) -> None:
    kubeconfig = json.loads(theatre.cluster.server.kubeconfig("executor").read_text(encoding="utf-8"))
    account = Account(theatre)
    server = kubeconfig["clusters"][0]["cluster"]
    (tmp_path / "ca.crt").write_bytes(Path(server["certificate-authority"]).read_bytes())
    access = in_cluster_access(tmp_path, server["server"])
    for _ in range(2):
        with client.ApiClient(hardened(access)) as transport:
            api: Any = client.AuthenticationV1Api(transport)
            review = api.create_self_subject_review({})
        assert review.status.user_info.username == theatre.identity
        account.rotate()


def test_the_server_is_where_each_pod_finds_it(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("a-token")
    (tmp_path / "ca.crt").write_text("authorities")
    access = in_cluster_access(tmp_path)
    assert (access.host, access.ssl_ca_cert) == (IN_CLUSTER, str(tmp_path / "ca.crt"))


@pytest.mark.parametrize("missing", ["token", "ca.crt"])
def test_outside_of_a_pod_it_says_so(tmp_path: Path, missing: str) -> None:
    for name in {"token", "ca.crt"} - {missing}:
        (tmp_path / name).write_text("x")
    with pytest.raises(InvalidDocument, match=missing) as refused:
        in_cluster_access(tmp_path)
    assert refused.value.advice.startswith("in_cluster is for a pod")
    with pytest.raises(InvalidDocument, match="serviceaccount/token"):
        ClusterClient(None, None, Endpoint("default"), SystemClock())
