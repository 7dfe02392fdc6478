"""May the executor do what it needs, and nothing that it must not? The API server says, by SelfSubjectAccessReviews."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from kubernetes import client

from runbook_gate.cluster.kubeconfig import access_to, hardened
from runbook_gate.configuration import Settings
from runbook_gate.doctor.cluster import REMEDY, reachable
from runbook_gate.errors import EnvironmentFault

_SECONDS: Final = 10
_RBAC: Final = "rbac.authorization.k8s.io"
_ADMISSION: Final = "admissionregistration.k8s.io"


class Right(NamedTuple):
    """What an identity may do.

    Attributes:
        verb: such as `get`.
        resource: such as `pods/exec`; of another API group than the core one, `roles.rbac.authorization.k8s.io`.
        name: of a namespace, for rights on namespaces; None for the target.
        scope: `target`, or `cluster` for what lies in no namespace or in all of them.
    """

    verb: str
    resource: str
    name: str | None = None
    scope: str = "target"

    def __str__(self) -> str:
        return f"{self.verb} {self.resource}" + (f" {self.name}" if self.name else "")

    def attributes(self, target: str) -> dict[str, str]:
        """As a review asks for it."""
        kind, _, subresource = self.resource.partition("/")
        resource, _, group = kind.partition(".")
        asked = {"verb": self.verb, "resource": resource, "group": group, "subresource": subresource}
        if resource == "namespaces" and self.scope == "target":
            named = self.name or target
            return {**asked, "name": named, "namespace": named}
        return {**asked, "namespace": target if self.scope == "target" else ""}


def _each(verbs: str, resource: str, scope: str = "target") -> tuple[Right, ...]:
    return tuple(Right(verb, resource, scope=scope) for verb in verbs.split())


NEEDED: Final = (
    Right("get", "namespaces"),
    Right("patch", "namespaces"),
    Right("get", "namespaces", "kube-system"),
    Right("create", "pods"),
    Right("create", "podtemplates"),
)
UNWANTED: Final = (
    Right("patch", "namespaces", "kube-system"),
    *_each("update delete", "namespaces"),
    *_each("create list patch", "namespaces", "cluster"),
    *_each("update patch", "namespaces/status"),
    *_each("update patch", "namespaces/finalize"),
    *_each("create", "pods", "cluster"),
    *_each("get list update patch delete deletecollection", "pods"),
    *_each("create get", "pods/exec"),
    *_each("create", "pods/attach"),
    *_each("create", "pods/portforward"),
    *_each("create", "pods/eviction"),
    *_each("create", "pods/binding"),
    *_each("patch", "pods/ephemeralcontainers"),
    *_each("update patch delete", "podtemplates"),
    *_each("create patch", "deployments.apps"),
    *_each("create", "jobs.batch"),
    *_each("get list create", "secrets"),
    *_each("get list", "secrets", "cluster"),
    *_each("create update patch delete", "configmaps"),
    *_each("patch delete", "configmaps", "cluster"),
    *_each("create", "serviceaccounts/token"),
    *_each("create", "serviceaccounts/token", "cluster"),
    *_each("impersonate", "users", "cluster"),
    *_each("impersonate", "groups", "cluster"),
    *_each("impersonate", "serviceaccounts", "cluster"),
    *_each("create update patch escalate bind", f"roles.{_RBAC}"),
    *_each("create update patch", f"rolebindings.{_RBAC}"),
    *_each("create update patch escalate bind", f"clusterroles.{_RBAC}", "cluster"),
    *_each("create update patch", f"clusterrolebindings.{_RBAC}", "cluster"),
    *_each("create update patch delete", f"validatingadmissionpolicies.{_ADMISSION}", "cluster"),
    *_each("create update patch delete", f"validatingadmissionpolicybindings.{_ADMISSION}", "cluster"),
    *_each("create", f"mutatingwebhookconfigurations.{_ADMISSION}", "cluster"),
    *_each("create", "certificatesigningrequests.certificates.k8s.io", "cluster"),
    *_each("get", "nodes/proxy", "cluster"),
)


def rights(settings: Settings, namespace: str | None) -> str:
    """What is needed is allowed; what must not be is refused."""
    if namespace is None:
        return "not checked; name a target with --namespace"
    access = hardened(access_to(reachable(settings).kubeconfig, settings.cluster.context))
    with client.ApiClient(access) as transport:
        api = client.AuthorizationV1Api(transport)
        lacking = [str(right) for right in NEEDED if not _allowed(api, namespace, right)]
        excess = [str(right) for right in UNWANTED if _allowed(api, namespace, right)]
    if lacking:
        raise EnvironmentFault(
            f"On {namespace} the executor may not {', '.join(lacking)}.",
            advice="Grant its identity exactly these rights; `runbook-gate deploy render` writes them.",
        )
    if excess:
        raise EnvironmentFault(
            f"On {namespace} the executor may {', '.join(dict.fromkeys(excess))}; it must not.",
            advice="Use an identity of its own with the least rights; `runbook-gate deploy render` writes them.",
        )
    return f"sufficient on {namespace}, and none of {len(UNWANTED)} that it must not have"


def _allowed(api: Any, namespace: str, right: Right) -> bool:
    body = {"spec": {"resourceAttributes": right.attributes(namespace)}}
    try:
        review = api.create_self_subject_access_review(body, _request_timeout=_SECONDS)
    except client.ApiException as fault:
        raise EnvironmentFault(f"SelfSubjectAccessReview: HTTP {fault.status}.", advice=REMEDY) from None
    except Exception as fault:  # urllib3's tree has no common root that the client promises
        raise EnvironmentFault(f"SelfSubjectAccessReview: {type(fault).__name__}.", advice=REMEDY) from None
    return bool(review.status.allowed)
