"""Documents to a real API server, by server-side apply, as `kubectl apply --server-side` sends them."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import requests
from tests.deploy.composing import Document

from runbook_gate.localcluster import LocalCluster

_PLACES = {
    "Namespace": ("/api/v1", "namespaces"),
    "ServiceAccount": ("/api/v1", "serviceaccounts"),
    "ConfigMap": ("/api/v1", "configmaps"),
    "PersistentVolumeClaim": ("/api/v1", "persistentvolumeclaims"),
    "Pod": ("/api/v1", "pods"),
    "Role": ("/apis/rbac.authorization.k8s.io/v1", "roles"),
    "RoleBinding": ("/apis/rbac.authorization.k8s.io/v1", "rolebindings"),
    "ClusterRole": ("/apis/rbac.authorization.k8s.io/v1", "clusterroles"),
    "ClusterRoleBinding": ("/apis/rbac.authorization.k8s.io/v1", "clusterrolebindings"),
    "NetworkPolicy": ("/apis/networking.k8s.io/v1", "networkpolicies"),
    "Service": ("/api/v1", "services"),
    "Deployment": ("/apis/apps/v1", "deployments"),
    "Job": ("/apis/batch/v1", "jobs"),
    "CronJob": ("/apis/batch/v1", "cronjobs"),
    "ValidatingAdmissionPolicy": ("/apis/admissionregistration.k8s.io/v1", "validatingadmissionpolicies"),
    "ValidatingAdmissionPolicyBinding": (
        "/apis/admissionregistration.k8s.io/v1",
        "validatingadmissionpolicybindings",
    ),
}
APPLY = "application/apply-patch+yaml"


class Answered(NamedTuple):
    """What the API server said."""

    status: int
    message: str
    warning: str


class Client:
    """One identity at one API server; every request is as it is written, and nothing raises because of its answer."""

    def __init__(self, url: str, ca_file: Path, token: str) -> None:
        self._url, self._session = url, requests.Session()
        self._session.trust_env, self._session.verify = False, str(ca_file)
        self._session.headers["Authorization"] = f"Bearer {token}"

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        content_type: str = "application/json",
        headers: Mapping[str, str] | None = None,
    ) -> Answered:
        """One request, with a body as JSON."""
        answer = self._session.request(
            method,
            self._url + path,
            data=None if body is None else json.dumps(body),
            headers={"Content-Type": content_type, **(headers or {})},
            timeout=30,
            stream=True,  # a watch that is let through has no end
        )
        with answer:
            failed = answer.status_code >= 400
            message = answer.content.decode(errors="replace") if failed else ""
            with contextlib.suppress(ValueError, KeyError, TypeError):
                message = json.loads(message)["message"]
            return Answered(answer.status_code, message, answer.headers.get("Warning", ""))

    def read(self, path: str) -> Document:
        """An object, without what only the server may say."""
        found: Document = self._session.get(self._url + path, timeout=30).json()
        kept = {key: found["metadata"][key] for key in ("name", "namespace", "annotations")}
        return {**found, "metadata": kept}

    def apply(self, document: Document, *, dry_run: bool = False) -> Answered:
        """Server-side apply of one document, strictly."""
        query = "fieldManager=deploy&force=true&fieldValidation=Strict" + ("&dryRun=All" if dry_run else "")
        return self.send("PATCH", f"{path_of(document)}?{query}", document, content_type=APPLY)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()


def path_of(document: Document) -> str:
    """Where a document lies."""
    root, resource = _PLACES[document["kind"]]
    metadata = document["metadata"]
    within = f"/namespaces/{metadata['namespace']}" if "namespace" in metadata else ""
    return f"{root}{within}/{resource}/{metadata['name']}"


@contextlib.contextmanager
def client_of(cluster: LocalCluster, token: str) -> Iterator[Client]:
    """Whoever has this token."""
    made = Client(cluster.server.url, cluster.server.ca_file, token)
    try:
        yield made
    finally:
        made.close()
