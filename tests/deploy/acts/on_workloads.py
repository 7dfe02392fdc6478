"""Acts on workloads and on what they hold: real pods, pods elsewhere, subresources, controllers, secrets, storage."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tests.deploy.acts.act import MERGE, Act
from tests.deploy.applying import APPLY
from tests.deploy.stage import POD_SPEC, UNAPPROVED, WATCHED, pod_template

_CORE: Final = "/api/v1/namespaces"
_HERE: Final = f"{_CORE}/{WATCHED}"
# A pod that is there, made by the admin.
POD: Final = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "tenant"}, "spec": POD_SPEC}
_NEW: Final = {**POD, "metadata": {"generateName": "real-"}}
_TEMPLATE: Final = {"metadata": {"labels": {"a": "b"}}, "spec": POD_SPEC}
_THERE: Final = f"{_HERE}/pods/tenant"


def _made(kind: str, api: str, **rest: Any) -> dict[str, Any]:
    return {"apiVersion": api, "kind": kind, "metadata": {"generateName": "made-"}, **rest}


_SELECTED: Final = {"selector": {"matchLabels": {"a": "b"}}, "template": _TEMPLATE}

OF_PODS: Final[Mapping[str, Act]] = {
    "a real pod": Act("POST", f"{_HERE}/pods", _NEW, "acts", "acts"),
    "a real pod by server-side apply": Act(
        "PATCH", f"{_HERE}/pods/mine?fieldManager=e", {**POD, "metadata": {"name": "mine"}}, content_type=APPLY
    ),
    "a real pod template": Act("POST", f"{_HERE}/podtemplates", pod_template("real-"), "acts"),
    "a dry-run pod elsewhere": Act("POST", f"{_CORE}/{UNAPPROVED}/pods?dryRun=All", _NEW, behind="elsewhere"),
    "a dry-run pod in kube-system": Act("POST", f"{_CORE}/kube-system/pods?dryRun=All", _NEW, behind="elsewhere"),
    "a dry-run pod beside the executor": Act("POST", f"{_CORE}/runbook-gate/pods?dryRun=All", _NEW, behind="elsewhere"),
    "a dry-run pod template elsewhere": Act(
        "POST", f"{_CORE}/{UNAPPROVED}/podtemplates?dryRun=All", pod_template("x-"), behind="elsewhere"
    ),
    "reading a pod": Act("GET", _THERE, behind=None),
    "listing pods": Act("GET", f"{_HERE}/pods", behind=None),
    "listing every pod": Act("GET", "/api/v1/pods", behind=None),
    "changing a pod": Act("PATCH", _THERE, {"metadata": {"labels": {"a": "c"}}}, content_type=MERGE),
    "deleting a pod": Act("DELETE", _THERE),
    "deleting every pod": Act("DELETE", f"{_HERE}/pods"),
    "evicting a pod": Act(
        "POST", f"{_THERE}/eviction", {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "tenant"}}
    ),
    "binding a pod": Act(
        "POST",
        f"{_THERE}/binding",
        {
            "apiVersion": "v1",
            "kind": "Binding",
            "metadata": {"name": "tenant"},
            "target": {"kind": "Node", "name": "n"},
        },
    ),
    "a debug container in a pod": Act(
        "PATCH",
        f"{_THERE}/ephemeralcontainers",
        {"spec": {"ephemeralContainers": [{"name": "d", "image": "d"}]}},
        content_type="application/strategic-merge-patch+json",
    ),
    "a pod's status": Act("PATCH", f"{_THERE}/status", {"status": {"phase": "Failed"}}, content_type=MERGE),
    "exec in a pod": Act("POST", f"{_THERE}/exec?command=id&stdout=true"),
    "exec in a pod by GET": Act("GET", f"{_THERE}/exec?command=id&stdout=true"),
    "attaching to a pod": Act("POST", f"{_THERE}/attach?stdout=true"),
    "forwarding a pod's port": Act("POST", f"{_THERE}/portforward?ports=80"),
    "a pod's proxy": Act("GET", f"{_THERE}/proxy/"),
    "a pod's log": Act("GET", f"{_THERE}/log", behind=None),
}

OF_THE_REST: Final[Mapping[str, Act]] = {
    "a dry-run deployment": Act(
        "POST",
        f"/apis/apps/v1/namespaces/{WATCHED}/deployments?dryRun=All",
        _made("Deployment", "apps/v1", spec=_SELECTED),
    ),
    "a daemon set": Act(
        "POST", f"/apis/apps/v1/namespaces/{WATCHED}/daemonsets", _made("DaemonSet", "apps/v1", spec=_SELECTED)
    ),
    "a job": Act(
        "POST",
        f"/apis/batch/v1/namespaces/{WATCHED}/jobs",
        _made("Job", "batch/v1", spec={"template": {"spec": {**POD_SPEC, "restartPolicy": "Never"}}}),
    ),
    "its own job": Act(
        "PATCH", "/apis/batch/v1/namespaces/runbook-gate/jobs/restore", {"spec": {"suspend": True}}, content_type=MERGE
    ),
    "its own cron job": Act("DELETE", "/apis/batch/v1/namespaces/runbook-gate/cronjobs/queue"),
    "its own settings": Act(
        "PATCH", f"{_CORE}/runbook-gate/configmaps/settings", {"data": {"x": "y"}}, content_type=MERGE
    ),
    "its own bundle": Act("DELETE", f"{_CORE}/runbook-gate/configmaps/bundle"),
    "the key of its bundle": Act(
        "PATCH", f"{_CORE}/runbook-gate/configmaps/keys", {"data": {"bundle.pem": "mine"}}, content_type=MERGE
    ),
    "its own ledger": Act("DELETE", f"{_CORE}/runbook-gate/persistentvolumeclaims/ledger"),
    "its own network policy": Act(
        "DELETE", "/apis/networking.k8s.io/v1/namespaces/runbook-gate/networkpolicies/runbook-gate"
    ),
    "reading secrets of the target": Act("GET", f"{_HERE}/secrets", behind=None),
    "reading every secret": Act("GET", "/api/v1/secrets", behind=None),
    "a secret": Act("POST", f"{_HERE}/secrets", _made("Secret", "v1", stringData={"a": "b"})),
    "a config map": Act("POST", f"{_HERE}/configmaps", _made("ConfigMap", "v1", data={"a": "b"})),
    "a service": Act("POST", f"{_HERE}/services", _made("Service", "v1", spec={"ports": [{"port": 80}]})),
    "an event": Act("POST", f"{_HERE}/events", _made("Event", "v1", involvedObject={"namespace": WATCHED})),
    "a quota": Act("POST", f"{_HERE}/resourcequotas", _made("ResourceQuota", "v1", spec={"hard": {"pods": "0"}})),
    "a lease": Act(
        "POST", f"/apis/coordination.k8s.io/v1/namespaces/{WATCHED}/leases", _made("Lease", "coordination.k8s.io/v1")
    ),
    "reading nodes": Act("GET", "/api/v1/nodes", behind=None),
    "a node": Act("POST", "/api/v1/nodes", _made("Node", "v1")),
}
