"""Puts into a local cluster what its missing controllers would, and the rights of the executor."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Any

from kubernetes import client, config

from runbook_gate.errors import LocalClusterError
from runbook_gate.localcluster.credentials import USERS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


class Seeder:
    """A client with every right, for the demo's stage and for tests.

    Attributes:
        api: The client of the kubernetes package, for whatever else is wanted.
        core: Its core/v1 calls; untyped, because they take dictionaries and the package's types deny it.
    """

    def __init__(self, kubeconfig: Path) -> None:
        loader: Any = config
        settings = client.Configuration()
        loader.load_kube_config(str(kubeconfig), client_configuration=settings, persist_config=False)
        settings.proxy = None
        self.api: Any = client.ApiClient(settings)
        self.core: Any = client.CoreV1Api(self.api)
        self._rbac: Any = client.RbacAuthorizationV1Api(self.api)
        self._reviews: Any = client.AuthorizationV1Api(self.api)

    def close(self) -> None:
        """Closes the connections."""
        self.api.close()

    def __enter__(self) -> Seeder:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def namespace(self, name: str, labels: Mapping[str, str] | None = None, *, service_account: bool = True) -> str:
        """Creates a namespace with the ServiceAccount `default` and returns its uid."""
        made = self.core.create_namespace({"metadata": {"name": name, "labels": dict(labels or {})}})
        if service_account:
            with _present_already():
                self.core.create_namespaced_service_account(name, {"metadata": {"name": "default"}})
        return str(made.metadata.uid)

    def label(self, name: str, labels: Mapping[str, str | None]) -> str:
        """Sets labels, or removes them where the value is None, and returns the new resourceVersion."""
        body = {"metadata": {"labels": dict(labels)}}
        changed = self.core.patch_namespace(name, body, _content_type="application/merge-patch+json")
        return str(changed.metadata.resource_version)

    def uid(self, name: str) -> str:
        """The uid of a namespace; that of kube-system names the cluster."""
        return str(self.core.read_namespace(name).metadata.uid)

    def grant_executor(self, namespace: str, user: str = "executor") -> None:
        """Gives a user the executor's rights on one target, and no others; returns when they are in force.

        These are to read and patch the namespace, to read kube-system, and to create pods and podtemplates in
        the namespace (a dry run needs the same right as the real thing).
        """
        name, subject = f"runbook-gate:{namespace}", USERS[user][0]
        target = _rule(["namespaces"], ["get", "patch"], [namespace])
        identity = _rule(["namespaces"], ["get"], ["kube-system"])
        probes = _rule(["pods", "podtemplates"], ["create"])
        rbac = self._rbac
        for create, arguments in (
            (rbac.create_cluster_role, [{"metadata": {"name": name}, "rules": [target, identity]}]),
            (rbac.create_cluster_role_binding, [_binding(name, "ClusterRole", subject)]),
            (rbac.create_namespaced_role, [namespace, {"metadata": {"name": name}, "rules": [probes]}]),
            (rbac.create_namespaced_role_binding, [namespace, _binding(name, "Role", subject)]),
        ):
            with _present_already():
                create(*arguments)
        self._await_right(subject, {"verb": "patch", "resource": "namespaces", "name": namespace})
        self._await_right(subject, {"verb": "create", "resource": "pods"}, namespace)

    def _await_right(self, user: str, right: dict[str, str], namespace: str = "") -> None:
        review = {"spec": {"user": user, "resourceAttributes": {**right, "namespace": namespace}}}
        deadline = time.monotonic() + 10
        while not self._reviews.create_subject_access_review(review).status.allowed:
            if time.monotonic() > deadline:
                raise LocalClusterError(f"RBAC did not grant {right} to {user} within 10 s.")
            time.sleep(0.02)

    def delete_namespace(self, name: str, *, finalize: bool = True) -> None:
        """Deletes a namespace and removes its finalizers by hand; without that it stays Terminating."""
        self.core.delete_namespace(name)
        if finalize:
            self.finalize_namespace(name)

    def finalize_namespace(self, name: str) -> None:
        """Lets a Terminating namespace go; what is in it stays in the store under its name."""
        body = {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": name},
            "spec": {"finalizers": []},
        }
        self.core.replace_namespace_finalize(name, body)


@contextlib.contextmanager
def _present_already() -> Iterator[None]:
    try:
        yield
    except client.ApiException as error:
        if error.status != 409:
            raise


def _rule(resources: list[str], verbs: list[str], names: list[str] | None = None) -> dict[str, Any]:
    rule: dict[str, Any] = {"apiGroups": [""], "resources": resources, "verbs": verbs}
    return {**rule, "resourceNames": names} if names else rule


def _binding(name: str, kind: str, user: str) -> dict[str, Any]:
    group = "rbac.authorization.k8s.io"
    return {
        "metadata": {"name": name},
        "roleRef": {"apiGroup": group, "kind": kind, "name": name},
        "subjects": [{"apiGroup": group, "kind": "User", "name": user}],
    }
