"""The texts as this API server writes them: what stands before and behind Pod Security has a name."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest
from kubernetes import client
from tests.cluster.test_contract_probes import GOOD_SPEC

from runbook_gate.clock import SystemClock
from runbook_gate.cluster.client import ClusterClient, Endpoint
from runbook_gate.cluster.messages import SentObject
from runbook_gate.cluster.projection import http_answer
from runbook_gate.localcluster.cluster import LocalCluster
from runbook_gate.localcluster.seeding import Seeder
from runbook_gate.models.http import HttpAnswer

SECRET = "planted-secret"
SMALL: dict[str, Any] = {
    **GOOD_SPEC,
    "containers": [{**GOOD_SPEC["containers"][0], "resources": {"requests": {"cpu": "1m"}}}],
}


@pytest.fixture
def ask(cluster: LocalCluster) -> Callable[..., HttpAnswer]:
    def create(namespace: str, spec: Any, user: str = "admin") -> HttpAnswer:
        api = ClusterClient(cluster.server.kubeconfig(user), None, Endpoint("default"), SystemClock())
        manifest = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "probe"}, "spec": spec}
        with api.open(20) as connection:
            return http_answer(
                connection.create("pods", namespace, manifest, audit_id="a1"), SentObject("pods", "probe")
            )

    return create


def settled(create: Callable[[], HttpAnswer]) -> HttpAnswer:
    """What the server says once its caches know what was just made."""
    until = time.monotonic() + 15
    while (answer := create()).status == 201 and time.monotonic() < until:
        time.sleep(0.1)
    return answer


def kept(answer: HttpAnswer) -> tuple[int | None, str | None, str | None]:
    assert SECRET not in answer.model_dump_json()
    assert answer.message is not None
    return answer.status, answer.message.pattern, answer.message.plugin


@pytest.mark.parametrize(
    ("spec", "pattern"),
    [
        ({"serviceAccountName": SECRET}, "service_account_missing"),
        ({"runtimeClassName": SECRET}, "runtime_class"),
        ({"priorityClassName": SECRET}, "priority_class"),
        ({"containers": []}, "invalid"),
    ],
)
def test_what_a_pod_refers_to(
    ask: Callable[..., HttpAnswer], target_namespace: str, spec: dict[str, Any], pattern: str
) -> None:
    status = 422 if pattern == "invalid" else 403
    assert kept(ask(target_namespace, {**SMALL, **spec})) == (status, pattern, None)


def test_a_missing_right(ask: Callable[..., HttpAnswer], target_namespace: str) -> None:
    assert kept(ask(target_namespace, SMALL, "plain")) == (403, "rbac", None)


@pytest.mark.parametrize("limit", [{"min": {"cpu": "100m"}}, {"maxLimitRequestRatio": {"cpu": "1"}}])
def test_limit_ranges(
    ask: Callable[..., HttpAnswer], seeder: Seeder, target_namespace: str, limit: dict[str, Any]
) -> None:
    spec = {"limits": [{"type": "Container", **limit}]}
    seeder.core.create_namespaced_limit_range(target_namespace, {"metadata": {"name": SECRET}, "spec": spec})
    assert kept(settled(lambda: ask(target_namespace, SMALL))) == (403, "limit_range", None)


@pytest.mark.parametrize("hard", [{"pods": "0"}, {"limits.cpu": "1"}])
def test_quotas(ask: Callable[..., HttpAnswer], seeder: Seeder, target_namespace: str, hard: dict[str, str]) -> None:
    quota = {"metadata": {"name": SECRET}, "spec": {"hard": hard}}
    seeder.core.create_namespaced_resource_quota(target_namespace, quota)
    status = {"status": {"hard": hard, "used": dict.fromkeys(hard, "0")}}
    seeder.core.patch_namespaced_resource_quota_status(SECRET, target_namespace, status)
    assert kept(settled(lambda: ask(target_namespace, SMALL))) == (403, "quota_exceeded", None)


@dataclass(frozen=True)
class Admission:
    """Admission objects that concern one namespace only, as other tests share the cluster.

    Attributes:
        api: of the kubernetes package.
        namespace: the one.
        made: kinds of the objects to remove afterwards.
        rules: what they match in it.
    """

    api: Any
    namespace: str
    made: list[str]
    rules: ClassVar = [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}]

    @property
    def name(self) -> str:
        return f"{self.namespace}.example.com"

    @property
    def where(self) -> dict[str, Any]:
        return {"matchLabels": {"kubernetes.io/metadata.name": self.namespace}}

    def make(self, kind: str, **content: Any) -> None:
        getattr(self.api, f"create_{kind}")({"metadata": {"name": self.name}, **content})
        self.made.append(kind)


@pytest.fixture
def admission(seeder: Seeder, target_namespace: str) -> Iterator[Admission]:
    stage = Admission(client.AdmissionregistrationV1Api(seeder.api), target_namespace, [])
    yield stage
    for kind in stage.made:
        getattr(stage.api, f"delete_{kind}")(stage.name)


@pytest.mark.parametrize("reason", ["Forbidden", "Invalid"])
def test_a_validating_policy(ask: Callable[..., HttpAnswer], admission: Admission, reason: str) -> None:
    matching = {"namespaceSelector": admission.where, "resourceRules": admission.rules}
    said = {"expression": "false", "message": SECRET, "reason": reason}
    spec = {"failurePolicy": "Fail", "matchConstraints": matching, "validations": [said]}
    admission.make("validating_admission_policy", spec=spec)
    bound = {"policyName": admission.name, "validationActions": ["Deny"]}
    admission.make("validating_admission_policy_binding", spec=bound)
    status = 403 if reason == "Forbidden" else 422
    answer = settled(lambda: ask(admission.namespace, SMALL))
    assert kept(answer) == (status, "admission_policy", admission.name)


def test_a_mutating_policy(ask: Callable[..., HttpAnswer], admission: Admission) -> None:
    matching = {"namespaceSelector": admission.where, "resourceRules": admission.rules}
    patch = {"expression": f'[JSONPatch{{op: "remove", path: "/spec/" + object.metadata.labels["{SECRET}"]}}]'}
    mutation = {"patchType": "JSONPatch", "jsonPatch": patch}
    spec = {"failurePolicy": "Fail", "reinvocationPolicy": "Never", "matchConstraints": matching}
    admission.make("mutating_admission_policy", spec={**spec, "mutations": [mutation]})
    admission.make("mutating_admission_policy_binding", spec={"policyName": admission.name})
    answer = settled(lambda: ask(admission.namespace, SMALL))
    assert kept(answer)[1:] == ("mutating_policy", admission.name)


@pytest.mark.parametrize("kind", ["validating", "mutating"])
def test_a_webhook_that_is_down(ask: Callable[..., HttpAnswer], admission: Admission, kind: str) -> None:
    hook = {
        "name": admission.name,
        "clientConfig": {"url": f"https://127.0.0.1:1/{SECRET}"},
        "rules": admission.rules,
        "namespaceSelector": admission.where,
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
        "timeoutSeconds": 1,
    }
    admission.make(f"{kind}_webhook_configuration", webhooks=[hook])
    answer = settled(lambda: ask(admission.namespace, SMALL))
    assert kept(answer) == (500, "webhook_failed", admission.name)
