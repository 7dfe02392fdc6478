"""Acts on what holds the executor: its role, other identities, the policies and their parameters, the API server."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from tests.deploy.acts.act import MERGE, Act
from tests.deploy.stage import EXECUTOR, UNAPPROVED, WATCHED

_RBAC: Final = "/apis/rbac.authorization.k8s.io/v1"
_ROLE: Final = f"{_RBAC}/namespaces/{WATCHED}/roles/runbook-gate-executor"
_GOVERNANCE: Final = "/api/v1/namespaces/runbook-gate-governance"
_ADMISSION: Final = "/apis/admissionregistration.k8s.io/v1"
_ALL: Final = [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]


_DEFINITION: Final = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "mines.example.com"},
    "spec": {
        "group": "example.com",
        "scope": "Namespaced",
        "names": {"plural": "mines", "singular": "mine", "kind": "Mine"},
        "versions": [
            {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {"type": "object"}}}
        ],
    },
}


def _certificate_request() -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "admin")])
    asked = x509.CertificateSigningRequestBuilder(name).sign(ec.generate_private_key(ec.SECP256R1()), SHA256())
    return base64.b64encode(asked.public_bytes(Encoding.PEM)).decode()


def _patch(path: str, body: Any) -> Act:
    return Act("PATCH", path, body, content_type=MERGE)


def _exempt(act: str, path: str, body: Any = None) -> Act:
    """Admission policies are exempt from admission policies. If RBAC lets it pass, it is a dry run."""
    return Act(
        act, f"{path}?dryRun=All", body, behind=None, content_type=MERGE if act == "PATCH" else "application/json"
    )


def _binding(kind: str, role: str) -> dict[str, Any]:
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": kind,
        "metadata": {"generateName": "mine-"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
        "subjects": [{"kind": "ServiceAccount", "name": "executor", "namespace": "runbook-gate"}],
    }


def _token(namespace: str, name: str) -> Act:
    spec = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"audiences": []}}
    return Act("POST", f"/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token", spec)


def _as(user: str, **headers: str) -> Act:
    """With every right granted it would pass: whoever may impersonate is somebody else for every layer."""
    return Act("GET", f"/api/v1/namespaces/{WATCHED}", behind=None, headers={"Impersonate-User": user, **headers})


OF_RIGHTS: Final[Mapping[str, Act]] = {
    "escalating its own role": _patch(_ROLE, {"rules": _ALL}),
    "another target in its own role's rules": _patch(
        _ROLE, {"rules": [{"apiGroups": [""], "resources": ["pods/exec"], "verbs": ["create"]}]}
    ),
    "deleting its own role": Act("DELETE", _ROLE),
    "escalating its cluster role": _patch(f"{_RBAC}/clusterroles/runbook-gate:cluster-identity", {"rules": _ALL}),
    "being admin of the target": Act(
        "POST", f"{_RBAC}/namespaces/{WATCHED}/rolebindings", _binding("RoleBinding", "admin")
    ),
    "being admin elsewhere": Act(
        "POST", f"{_RBAC}/namespaces/{UNAPPROVED}/rolebindings", _binding("RoleBinding", "admin")
    ),
    "being admin of the cluster": Act(
        "POST", f"{_RBAC}/clusterrolebindings", _binding("ClusterRoleBinding", "cluster-admin")
    ),
    "reading roles": Act("GET", f"{_RBAC}/clusterroles", behind=None),
    "a token of its own": _token("runbook-gate", "executor"),
    "a token of another account of the target": _token(WATCHED, "default"),
    "a token of an account elsewhere": _token(UNAPPROVED, "default"),
    "a service account": Act(
        "POST",
        "/api/v1/namespaces/runbook-gate/serviceaccounts",
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"generateName": "mine-"}},
    ),
    "acting as the admin": _as("admin"),
    "acting as system:masters": _as("nobody", **{"Impersonate-Group": "system:masters"}),
    "acting as another service account": _as(f"system:serviceaccount:{WATCHED}:default"),
    "acting as itself": _as(EXECUTOR),
    "a certificate": Act(
        "POST",
        "/apis/certificates.k8s.io/v1/certificatesigningrequests",
        {
            "apiVersion": "certificates.k8s.io/v1",
            "kind": "CertificateSigningRequest",
            "metadata": {"generateName": "mine-"},
            "spec": {
                "request": _certificate_request(),
                "signerName": "kubernetes.io/kube-apiserver-client",
                "usages": ["client auth"],
            },
        },
    ),
    "asking what others may do": Act(
        "POST",
        "/apis/authorization.k8s.io/v1/subjectaccessreviews",
        {"spec": {"user": "admin", "resourceAttributes": {"verb": "get", "resource": "secrets"}}},
        behind=None,
    ),
    "asking whose a token is": Act(
        "POST", "/apis/authentication.k8s.io/v1/tokenreviews", {"spec": {"token": "not-a-token"}}, behind=None
    ),
}

OF_POLICIES: Final[Mapping[str, Act]] = {
    "the list of approved namespaces": _exempt(
        "PATCH",
        f"{_ADMISSION}/validatingadmissionpolicybindings/runbook-gate-elsewhere",
        {"spec": {"matchResources": {"namespaceSelector": {"matchLabels": {"a": "b"}}}}},
    ),
    "the approved values": _patch(
        f"{_GOVERNANCE}/configmaps/labels.{WATCHED}", {"data": {"pod-security.kubernetes.io_enforce": "privileged"}}
    ),
    "deleting the approved values": Act("DELETE", f"{_GOVERNANCE}/configmaps/labels.{WATCHED}"),
    "reading the approved values": Act("GET", f"{_GOVERNANCE}/configmaps/labels.{WATCHED}", behind=None),
    "deleting a policy": _exempt("DELETE", f"{_ADMISSION}/validatingadmissionpolicies/runbook-gate-acts"),
    "loosening a policy": _exempt(
        "PATCH", f"{_ADMISSION}/validatingadmissionpolicies/runbook-gate-labels", {"spec": {"failurePolicy": "Ignore"}}
    ),
    "deleting a binding": _exempt(
        "DELETE", f"{_ADMISSION}/validatingadmissionpolicybindings/runbook-gate-labels.{WATCHED}"
    ),
    "loosening a binding": _exempt(
        "PATCH",
        f"{_ADMISSION}/validatingadmissionpolicybindings/runbook-gate-acts",
        {"spec": {"validationActions": ["Audit"]}},
    ),
    "a webhook that changes what others write": Act(
        "POST",
        f"{_ADMISSION}/mutatingwebhookconfigurations?dryRun=All",
        {
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "MutatingWebhookConfiguration",
            "metadata": {"generateName": "mine-"},
        },
    ),
    "a definition of a new resource": Act(
        "POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", _DEFINITION
    ),
    "the API server's metrics": Act("GET", "/metrics", behind=None),
    "the API server's logs": Act("GET", "/logs", behind=None),
}
