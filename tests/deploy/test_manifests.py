"""Every manifest as the API server takes it, and what must stand in the pods."""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Callable
from typing import Any

import pytest
from tests.deploy.applying import Client
from tests.deploy.composing import Document, compose, pod_spec
from tests.deploy.conftest import Installation
from tests.deploy.stage import DEPLOY, documents, rendered

from runbook_gate.exit_statuses import ExitStatus
from runbook_gate.working.crew import DRAIN_S, GRACE_S

JOBS = {"task": "Job", "queue": "CronJob"}
PODS = {**JOBS, "worker": "Deployment"}


def job(installed: Installation, overlay: str) -> Document:
    """The Job, CronJob or Deployment of an overlay."""
    composed = compose(installed.site / "overlays" / overlay)
    [found] = [document for document in composed if document["kind"] == PODS[overlay]]
    return found


def pod(installed: Installation, overlay: str) -> Document:
    """The pod that it makes."""
    spec = pod_spec(job(installed, overlay))
    assert spec is not None
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": overlay, "namespace": "runbook-gate"},
        "spec": copy.deepcopy(spec),
    }


def test_every_manifest_passes_a_server_side_dry_run_without_a_warning(installed: Installation, admin: Client) -> None:
    found = documents(installed.site)
    answers = {(one["kind"], one["metadata"]["name"]): admin.apply(one, dry_run=True) for one in found}
    assert {name: answer for name, answer in answers.items() if answer.status != 200 or answer.warning} == {}
    assert {kind for kind, _ in answers} >= {
        *("Namespace", "ServiceAccount", "Role", "ClusterRole", "ConfigMap", "PersistentVolumeClaim", "NetworkPolicy"),
        *("Job", "CronJob", "Deployment", "Service", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"),
    }


def test_a_field_that_nobody_knows_would_be_refused(installed: Installation, admin: Client) -> None:
    unknown = job(installed, "queue")
    unknown["spec"]["concurencyPolicy"] = "Forbid"
    assert admin.apply(unknown, dry_run=True).status in {400, 500}


@pytest.mark.parametrize("overlay", PODS)
def test_the_pods_pass_the_restricted_level(installed: Installation, admin: Client, overlay: str) -> None:
    answered = admin.apply(pod(installed, overlay), dry_run=True)
    assert (answered.status, answered.message, answered.warning) == (201, "", "")


WEAKER: dict[str, Callable[[Any], object]] = {
    "runAsNonRoot": lambda spec: spec["securityContext"].pop("runAsNonRoot"),
    "seccompProfile": lambda spec: spec["securityContext"].pop("seccompProfile"),
    "allowPrivilegeEscalation": lambda spec: spec["initContainers"][0]["securityContext"].pop(
        "allowPrivilegeEscalation"
    ),
    "unrestricted capabilities": lambda spec: spec["containers"][0]["securityContext"].pop("capabilities"),
    "restricted volume types": lambda spec: spec["volumes"].append({"name": "x", "hostPath": {"path": "/"}}),
}


@pytest.mark.parametrize("told", WEAKER)
def test_a_pod_that_is_weaker_is_refused_there(installed: Installation, admin: Client, told: str) -> None:
    weaker = pod(installed, "task")
    WEAKER[told](weaker["spec"])
    answered = admin.apply(weaker, dry_run=True)
    assert answered.status == 403
    assert 'violates PodSecurity "restricted:latest"' in answered.message
    assert told in answered.message


def test_both_pods_are_one_but_for_what_they_run_and_the_task(installed: Installation) -> None:
    task, queue = (pod(installed, overlay)["spec"] for overlay in JOBS)
    assert task["containers"][0].pop("args") == ["submit", "/etc/runbook-gate/task/task.yaml", "--run"]
    assert queue["containers"][0].pop("args") == ["run", "--next"]
    task["volumes"] = [volume for volume in task["volumes"] if volume["name"] != "task"]
    mounts = task["containers"][0]["volumeMounts"]
    task["containers"][0]["volumeMounts"] = [mount for mount in mounts if mount["name"] != "task"]
    assert task == queue


def test_the_worker_is_the_same_pod_but_for_what_it_runs_where_its_ledger_is_and_that_it_is_asked(
    installed: Installation,
) -> None:
    queue, worker = (pod(installed, overlay)["spec"] for overlay in ("queue", "worker"))
    [executor] = worker["containers"]
    assert executor.pop("args") == ["work", "--log", "json"]
    assert executor.pop("ports") == [{"name": "metrics", "containerPort": 9464}]
    probes = {name: executor.pop(f"{name}Probe")["httpGet"] for name in ("liveness", "readiness")}
    assert probes == {
        "liveness": {"path": "/healthz", "port": "metrics"},
        "readiness": {"path": "/readyz", "port": "metrics"},
    }
    [sidecar] = worker["initContainers"]
    assert sidecar.pop("livenessProbe")["exec"] == sidecar["startupProbe"]["exec"]
    assert worker.pop("terminationGracePeriodSeconds") > DRAIN_S + GRACE_S
    for spec, others in ((queue, {"args", "ledger"}), (worker, {"store"})):
        [container] = spec["containers"]
        container.pop("args", None)
        container["volumeMounts"] = [mount for mount in container["volumeMounts"] if mount["name"] not in others]
        spec["volumes"] = [volume for volume in spec["volumes"] if volume["name"] not in {"settings", *others}]
        spec.pop("terminationGracePeriodSeconds", None)
        spec.pop("restartPolicy", None)
    assert queue == worker


def settings_of(installed: Installation, overlay: str, name: str) -> tuple[dict[str, Any], str]:
    """The settings and the kubeconfig in a config map."""
    [found] = [
        one
        for one in compose(installed.site / "overlays" / overlay)
        if one["kind"] == "ConfigMap" and one["metadata"]["name"] == name
    ]
    return tomllib.loads(found["data"]["runbook-gate.toml"]), found["data"]["kubeconfig"]


def test_the_workers_settings_are_those_of_base_but_for_the_ledger_and_the_port(installed: Installation) -> None:
    base, kubeconfig = settings_of(installed, "worker", "settings")
    worker, its_kubeconfig = settings_of(installed, "worker", "worker-settings")
    assert kubeconfig == its_kubeconfig
    assert {name for name in base.keys() | worker.keys() if base.get(name) != worker.get(name)} == {
        *("store", "store_password_file", "store_ca_file", "packet_dir", "work"),
    }
    port = job(installed, "worker")["spec"]["template"]["spec"]["containers"][0]["ports"][0]["containerPort"]
    assert worker["work"]["listen"] == f"0.0.0.0:{port}"


def test_several_workers_have_their_ledger_on_a_server(installed: Installation) -> None:
    """A file would be each pod's own, or a volume that only one may mount: with it there is one replica at most."""
    assert job(installed, "worker")["spec"]["replicas"] > 1
    worker, _ = settings_of(installed, "worker", "worker-settings")
    assert worker["store"].startswith("postgresql://")
    volumes = pod(installed, "worker")["spec"]["volumes"]
    claims = [volume["persistentVolumeClaim"] for volume in volumes if "persistentVolumeClaim" in volume]
    assert claims == [{"claimName": "audit-log", "readOnly": True}]


def test_nobody_but_who_scrapes_may_come_in(installed: Installation) -> None:
    policies = {
        one["metadata"]["name"]: one["spec"]
        for one in compose(installed.site / "overlays" / "worker")
        if one["kind"] == "NetworkPolicy"
    }
    assert policies["runbook-gate"]["ingress"] == []
    [scraped] = policies["runbook-gate-worker"]["ingress"]
    assert scraped["ports"] == [{"protocol": "TCP", "port": 9464}]
    assert scraped["from"] == [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}]


@pytest.mark.parametrize("overlay", PODS)
def test_the_root_is_read_only_and_no_image_has_a_tag(installed: Installation, overlay: str) -> None:
    spec = pod(installed, overlay)["spec"]
    for container in (*spec["initContainers"], *spec["containers"]):
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        assert "@sha256:" in container["image"]


@pytest.mark.parametrize("overlay", PODS)
def test_only_the_executor_has_the_token_and_only_a_short_lived_one(installed: Installation, overlay: str) -> None:
    spec = pod(installed, overlay)["spec"]
    [identity] = [volume for volume in spec["volumes"] if volume["name"] == "identity"]
    assert identity["projected"]["sources"][0] == {"serviceAccountToken": {"path": "token", "expirationSeconds": 600}}
    assert spec["automountServiceAccountToken"] is False
    assert "identity" not in [mount["name"] for mount in spec["initContainers"][0]["volumeMounts"]]
    assert "identity" in [mount["name"] for mount in spec["containers"][0]["volumeMounts"]]


@pytest.mark.parametrize("overlay", JOBS)
def test_only_a_run_that_stopped_safely_is_tried_again(installed: Installation, overlay: str) -> None:
    spec = job(installed, overlay)["spec"]
    spec = spec if overlay == "task" else spec["jobTemplate"]["spec"]
    assert spec["podFailurePolicy"]["rules"] == [
        {
            "action": "FailJob",
            "onExitCodes": {"containerName": "executor", "operator": "NotIn", "values": [ExitStatus.STOPPED]},
        }
    ]
    assert spec["template"]["spec"]["restartPolicy"] == "Never"
    assert spec["backoffLimit"] > 0


def test_one_run_of_the_queue_at_a_time(installed: Installation) -> None:
    assert job(installed, "queue")["spec"]["concurrencyPolicy"] == "Forbid"


def test_the_sidecar_is_a_native_one_that_is_awaited(installed: Installation) -> None:
    [opa] = pod(installed, "task")["spec"]["initContainers"]
    assert opa["restartPolicy"] == "Always"
    assert "health?bundles" in opa["startupProbe"]["exec"]["command"][-1]
    sockets = [volume for volume in pod(installed, "task")["spec"]["volumes"] if volume["name"] == "socket"]
    assert sockets == [{"name": "socket", "emptyDir": {"medium": "Memory", "sizeLimit": "1Mi"}}]


def test_the_shipped_targets_are_what_deploy_render_writes() -> None:
    register = DEPLOY.parent / "fixtures" / "registers" / "namespace_baseline.yaml"
    shipped = (DEPLOY / "overlays" / "targets" / "targets.yaml").read_text(encoding="utf-8")
    assert rendered(register, "payments-settlement-prod") == shipped
