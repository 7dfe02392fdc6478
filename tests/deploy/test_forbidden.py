"""What must never happen is refused by the cluster: by RBAC, and where RBAC cannot tell it apart, by admission."""

from __future__ import annotations

from collections.abc import Mapping

from tests.deploy.acts import FORBIDDEN, POD, Act, refusing
from tests.deploy.acts.act import MERGE
from tests.deploy.acts.playing import answers, state
from tests.deploy.applying import Client
from tests.deploy.conftest import Installation
from tests.deploy.stage import BASELINE, LOOSER, WATCHED, pod_template

from runbook_gate.demo.stage import APPROVED, PREFIX

NAMESPACE = f"/api/v1/namespaces/{WATCHED}"


def test_there_are_at_least_fifty() -> None:
    assert len(FORBIDDEN) >= 50
    assert {act.by for act in FORBIDDEN.values()} == {"rbac", "acts", "labels"}


def test_each_is_refused_by_the_layer_that_should(installed: Installation, executor: Client, admin: Client) -> None:
    admin.send("POST", f"{NAMESPACE}/pods", POD)
    before = state(installed.seeder)
    told = answers(executor, FORBIDDEN)
    assert {name: answer for name, answer in told.items() if refusing(answer) != FORBIDDEN[name].by} == {}
    assert state(installed.seeder) == before
    assert [pod.metadata.name for pod in installed.seeder.core.list_namespaced_pod(WATCHED).items] == ["tenant"]


PERMITTED: Mapping[str, Act] = {
    "reading the target": Act("GET", NAMESPACE),
    "reading kube-system": Act("GET", "/api/v1/namespaces/kube-system"),
    "a dry run of the tuple": Act(
        "PATCH", f"{NAMESPACE}?dryRun=All", {"metadata": {"labels": APPROVED}}, content_type=MERGE
    ),
    "a dry-run pod": Act("POST", f"{NAMESPACE}/pods?dryRun=All", {**POD, "metadata": {"name": "probe"}}),
    "a dry-run pod template": Act("POST", f"{NAMESPACE}/podtemplates?dryRun=All", pod_template("probe-")),
    "asking who it is": Act("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", {}),
    "asking what it may do": Act(
        "POST",
        "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
        {"spec": {"resourceAttributes": {"verb": "get", "resource": "secrets"}}},
    ),
}


def test_what_the_executor_needs_passes(executor: Client) -> None:
    assert {told: answer for told, answer in answers(executor, PERMITTED).items() if answer.status >= 300} == {}


def test_a_label_that_the_baseline_leaves_out_must_be_absent(executor: Client) -> None:
    path = f"/api/v1/namespaces/{LOOSER}?dryRun=All"

    def asked(labels: Mapping[str, str | None]) -> Act:
        return Act("PATCH", path, {"metadata": {"labels": labels}}, "labels", "labels", MERGE)

    warned = {**BASELINE, f"{PREFIX}warn": "restricted"}
    told = answers(executor, {"its tuple": asked(BASELINE), "a warning": asked(warned), "another's": asked(APPROVED)})
    assert told["its tuple"].status == 200
    assert [refusing(told[name]) for name in ("a warning", "another's")] == ["labels", "labels"]
