"""Layers taken away, each on a cluster of its own: what stands behind, and what only that layer refused."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.deploy.acts import FORBIDDEN, POD, refusing
from tests.deploy.acts.act import MERGE
from tests.deploy.acts.playing import answers, state
from tests.deploy.applying import Answered, Client, client_of
from tests.deploy.composing import compose
from tests.deploy.stage import CONFIG_MAP, LOOSER, WATCHED, executor_token, install, refusal

from runbook_gate.localcluster import LocalCluster
from runbook_gate.localcluster.seeding import Seeder

ADMISSION = "/apis/admissionregistration.k8s.io/v1"
# Only RBAC refuses these: what is read, what admission is never asked about, and whoever may be somebody else.
ONLY_RBAC = {told: act for told, act in FORBIDDEN.items() if act.behind is None}
BEHIND = {told: act for told, act in FORBIDDEN.items() if act.behind is not None}
# What only one policy refuses when RBAC does not.
ALONE = {
    "elsewhere": {told: act for told, act in FORBIDDEN.items() if act.behind == "elsewhere"},
    "acts": {told: act for told, act in FORBIDDEN.items() if act.by == "acts"},
    "labels": {told: act for told, act in FORBIDDEN.items() if act.by == "labels"},
}


@pytest.fixture
def seeder(own_cluster: LocalCluster) -> Iterator[Seeder]:
    """Every right on a cluster that the test may spoil."""
    with Seeder(own_cluster.server.kubeconfig()) as seeder:
        yield seeder


@pytest.fixture
def admin(own_cluster: LocalCluster) -> Iterator[Client]:
    """The same, request by request."""
    with client_of(own_cluster, own_cluster.server.admin_token) as client:
        yield client


def test_each_layer_taken_away_in_turn(site: Path, own_cluster: LocalCluster, seeder: Seeder, admin: Client) -> None:
    """First RBAC, then one policy after the other: what stands behind refuses, and then nothing does."""
    install(site, own_cluster, seeder)
    seeder.core.create_namespaced_pod(WATCHED, POD)
    with client_of(own_cluster, executor_token(seeder)) as executor:
        grant_everything(admin, executor)
        before = state(seeder)
        refused = answers(executor, BEHIND)
        assert {name: answer for name, answer in refused.items() if refusing(answer) not in layers(name)} == {}
        assert state(seeder) == before
        passed = answers(executor, ONLY_RBAC)
        assert {name: answer for name, answer in passed.items() if refusing(answer)} == {}
        for policy in ALONE:
            take_away(policy, admin, executor)


def take_away(policy: str, admin: Client, executor: Client) -> None:
    """What only this policy refuses passes without it; none of these acts keeps the next from passing."""
    alone = ALONE[policy]
    assert {refusing(answer) for answer in answers(executor, alone).values()} == {policy}
    unbind(admin, policy)
    until(lambda: policy not in [refusing(answer) for answer in answers(executor, alone).values()])
    assert {name: answer for name, answer in answers(executor, alone).items() if answer.status >= 300} == {}


def unbind(admin: Client, policy: str) -> None:
    """Take a policy away from the watched namespace, or from everywhere."""
    name = f"runbook-gate-{policy}" + (f".{WATCHED}" if policy == "labels" else "")
    remove(admin, f"{ADMISSION}/validatingadmissionpolicybindings/{name}")


def test_governance_alone_and_lost_parameters_keep_nobody_else_from_their_work(
    site: Path, own_cluster: LocalCluster, seeder: Seeder, admin: Client
) -> None:
    """Nobody is asked who they are before a binding's parameters are there: so it must be one namespace only."""
    for document in compose(site / "governance"):
        assert admin.apply(document).status == 201
    until(lambda: "runbook-gate-acts" in refusal(admin, "acts", "default"))
    assert admin.send("POST", "/api/v1/namespaces/default/configmaps", CONFIG_MAP).status == 201
    assert patched(admin, "default") == 200
    install(site, own_cluster, seeder)
    parameters = f"/api/v1/namespaces/runbook-gate-governance/configmaps/labels.{WATCHED}"
    kept = admin.read(parameters)
    remove(admin, parameters)
    until(lambda: "failed to configure binding: no params found" in refusal(admin, "labels", WATCHED))
    assert (patched(admin, WATCHED), patched(admin, LOOSER)) == (422, 200)
    assert admin.send("POST", f"/api/v1/namespaces/{WATCHED}/configmaps", CONFIG_MAP).status == 201
    assert admin.apply(kept).status == 201
    until(lambda: patched(admin, WATCHED) == 200)


def patched(admin: Client, namespace: str) -> int:
    """Whether somebody else may update a namespace."""
    return admin.send("PATCH", f"/api/v1/namespaces/{namespace}", {}, content_type=MERGE).status


def layers(name: str) -> set[str | None]:
    """Who may be named where RBAC does not refuse: several policies may, and the API server names one."""
    act = BEHIND[name]
    if act.path.endswith(("/status", "/finalize")):
        return {"acts", "labels"}
    return {"acts", "elsewhere"} if act.behind == "acts" else {act.behind}


def grant_everything(admin: Client, executor: Client) -> None:
    """Make the executor cluster-admin, and wait until it is."""
    group = "rbac.authorization.k8s.io"
    binding = {
        "apiVersion": f"{group}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": "too-much"},
        "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [{"kind": "ServiceAccount", "name": "executor", "namespace": "runbook-gate"}],
    }
    assert admin.apply(binding).status == 201
    until(lambda: executor.send("GET", "/api/v1/nodes").status == 200)


def remove(admin: Client, path: str) -> None:
    """Delete one object."""
    answered: Answered = admin.send("DELETE", path)
    assert answered.status == 200, answered


def until(true: Callable[[], bool]) -> None:
    """Until the API server has noticed, which it does not tell."""
    end = time.monotonic() + 120
    while not true():
        assert time.monotonic() < end
