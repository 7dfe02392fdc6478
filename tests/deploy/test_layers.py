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
DRY = {"a wrong value in a dry run": FORBIDDEN["a wrong value in a dry run"]}
BEHIND = {told: act for told, act in FORBIDDEN.items() if act.behind is not None}


@pytest.fixture
def seeder(site: Path, own_cluster: LocalCluster) -> Iterator[Seeder]:
    """deploy/ on a cluster that the test may spoil, with a tenant's pod."""
    with Seeder(own_cluster.server.kubeconfig()) as seeder:
        install(site, own_cluster, seeder)
        seeder.core.create_namespaced_pod(WATCHED, POD)
        yield seeder


@pytest.fixture
def executor(own_cluster: LocalCluster, seeder: Seeder) -> Iterator[Client]:
    """The executor on it."""
    with client_of(own_cluster, executor_token(seeder)) as client:
        yield client


@pytest.fixture
def admin(own_cluster: LocalCluster) -> Iterator[Client]:
    """Every right on it."""
    with client_of(own_cluster, own_cluster.server.admin_token) as client:
        yield client


def test_admission_holds_where_rbac_grants_everything(seeder: Seeder, executor: Client, admin: Client) -> None:
    """With the executor as cluster-admin whatever changes anything is refused all the same, and the rest passes."""
    grant_everything(admin, executor)
    before = state(seeder)
    told = answers(executor, BEHIND)
    assert {name: answer for name, answer in told.items() if refusing(answer) not in layers(name)} == {}
    assert state(seeder) == before
    told = answers(executor, ONLY_RBAC)
    assert {name: answer for name, answer in told.items() if refusing(answer)} == {}


def test_without_the_policy_of_acts_a_real_pod_passes(seeder: Seeder, executor: Client, admin: Client) -> None:
    only = {told: act for told, act in FORBIDDEN.items() if act.by == "acts"}
    assert set(only) == {"a real pod", "a real pod template"}
    remove(admin, f"{ADMISSION}/validatingadmissionpolicybindings/runbook-gate-acts")
    until(lambda: answers(executor, only)["a real pod template"].status == 201)
    assert {name: answer.status for name, answer in answers(executor, only).items()} == dict.fromkeys(only, 201)
    labels = {told: act for told, act in FORBIDDEN.items() if act.by == "labels"}
    assert {refusing(answer) for answer in answers(executor, labels).values()} == {"labels"}


def test_without_the_policy_of_labels_every_change_of_the_namespace_passes(
    seeder: Seeder, executor: Client, admin: Client
) -> None:
    only = {told: act for told, act in FORBIDDEN.items() if act.by == "labels"}
    remove(admin, f"{ADMISSION}/validatingadmissionpolicybindings/runbook-gate-labels.{WATCHED}")
    until(lambda: answers(executor, DRY)["a wrong value in a dry run"].status == 200)
    answered = answers(executor, only)
    assert {name: answer.message for name, answer in answered.items() if answer.status != 200} == {}
    real = {"a real pod": FORBIDDEN["a real pod"]}
    assert [refusing(answer) for answer in answers(executor, real).values()] == ["acts"]


def test_without_the_policy_of_elsewhere_another_namespace_passes(
    seeder: Seeder, executor: Client, admin: Client
) -> None:
    grant_everything(admin, executor)
    only = {told: act for told, act in FORBIDDEN.items() if act.behind == "elsewhere"}
    assert {refusing(answer) for answer in answers(executor, only).values()} == {"elsewhere"}
    remove(admin, f"{ADMISSION}/validatingadmissionpolicybindings/runbook-gate-elsewhere")
    until(lambda: not any(refusing(answer) == "elsewhere" for answer in answers(executor, only).values()))
    assert {name: answer.message for name, answer in answers(executor, only).items() if answer.status >= 300} == {}


def test_lost_parameters_close_their_namespace_and_nothing_else(
    seeder: Seeder, executor: Client, admin: Client
) -> None:
    """Nobody is asked who they are before the parameters are there: all the more it must be one namespace only."""
    parameters = f"/api/v1/namespaces/runbook-gate-governance/configmaps/labels.{WATCHED}"
    kept = admin.read(parameters)
    remove(admin, parameters)
    until(lambda: "failed to configure binding: no params found" in told(executor))
    assert admin.send("PATCH", f"/api/v1/namespaces/{WATCHED}", {}, content_type=MERGE).status == 422
    assert admin.send("PATCH", f"/api/v1/namespaces/{LOOSER}", {}, content_type=MERGE).status == 200
    assert admin.send("POST", f"/api/v1/namespaces/{WATCHED}/configmaps", CONFIG_MAP).status == 201
    assert admin.send("DELETE", f"/api/v1/namespaces/{WATCHED}/pods/tenant").status == 200
    assert admin.apply(kept).status == 201
    until(lambda: admin.send("PATCH", f"/api/v1/namespaces/{WATCHED}", {}, content_type=MERGE).status == 200)


def test_the_policies_alone_keep_nobody_else_from_anything(
    site: Path, own_cluster: LocalCluster, admin: Client
) -> None:
    """Governance is applied first, and there is no target yet."""
    for document in compose(site / "governance"):
        assert admin.apply(document).status == 201
    until(lambda: "runbook-gate-acts" in refusal(admin, "acts", "default"))
    assert admin.send("POST", "/api/v1/namespaces/default/configmaps", CONFIG_MAP).status == 201
    assert admin.send("PATCH", "/api/v1/namespaces/default", {}, content_type=MERGE).status == 200


def told(executor: Client) -> str:
    """What the executor hears about a dry run of other values."""
    return answers(executor, DRY)["a wrong value in a dry run"].message


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
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end
