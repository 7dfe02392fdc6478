"""Rights, parameters and bindings of the approved namespaces, as `deploy/governance` expects them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from runbook_gate.deployment.approval import Approval

EXECUTOR: Final = {"kind": "ServiceAccount", "name": "executor", "namespace": "runbook-gate"}
GOVERNANCE: Final = "runbook-gate-governance"
ELSEWHERE_POLICY: Final = "runbook-gate-elsewhere"
LABELS_POLICY: Final = "runbook-gate-labels"
_RBAC: Final = "rbac.authorization.k8s.io"
_ROLE: Final = "runbook-gate-executor"
_NAME_LABEL: Final = "kubernetes.io/metadata.name"

Document = dict[str, Any]


def manifests(approvals: Sequence[Approval]) -> list[Document]:
    """Everything that the approved namespaces need.

    One binding excludes all of them from `elsewhere`: what is applied later replaces it, so all are named together.

    Args:
        approvals: of every namespace that the executor may restore, each once.

    Returns:
        Documents in the order in which they are applied: what holds the executor first, its rights last.
    """
    documents = [made(approved) for approved in approvals for made in (_parameters, _labels)]
    documents.append(_elsewhere(approvals))
    for approved in approvals:
        documents += [_role(approved.namespace), _role_binding(approved.namespace)]
    return documents


def _elsewhere(approvals: Sequence[Approval]) -> Document:
    """Namespaces are selected by the label that the API server sets and nobody can change."""
    approved = {
        "key": _NAME_LABEL,
        "operator": "NotIn",
        "values": [one.namespace for one in approvals],
    }
    spec = {
        "policyName": ELSEWHERE_POLICY,
        "validationActions": ["Deny", "Audit"],
        "matchResources": {"namespaceSelector": {"matchExpressions": [approved]}},
    }
    return _bound(ELSEWHERE_POLICY, spec)


def _parameters(approved: Approval) -> Document:
    values = {key.replace("/", "_"): value for key, value in sorted(approved.labels.items())}
    parameters = _core("ConfigMap", f"labels.{approved.namespace}", GOVERNANCE)
    parameters["metadata"]["annotations"] = {
        "runbook-gate/policy-baseline-version": approved.baseline_version,
        "runbook-gate/register-version": approved.register_version or "",
        "runbook-gate/register-sha256": approved.register_sha256,
    }
    return {**parameters, "data": {"namespace": approved.namespace, **values}}


def _labels(approved: Approval) -> Document:
    spec = {
        "policyName": LABELS_POLICY,
        "validationActions": ["Deny", "Audit"],
        "paramRef": {
            "name": f"labels.{approved.namespace}",
            "namespace": GOVERNANCE,
            "parameterNotFoundAction": "Deny",
        },
        "matchResources": {"namespaceSelector": {"matchLabels": {_NAME_LABEL: approved.namespace}}},
    }
    return _bound(f"{LABELS_POLICY}.{approved.namespace}", spec)


def _bound(name: str, spec: Document) -> Document:
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": name},
        "spec": spec,
    }


def _role(namespace: str) -> Document:
    """A Role, not a ClusterRole: it goes with its namespace, and one of the same name is not approved by it."""
    target = {"apiGroups": [""], "resources": ["namespaces"], "resourceNames": [namespace], "verbs": ["get", "patch"]}
    probes = {"apiGroups": [""], "resources": ["pods", "podtemplates"], "verbs": ["create"]}
    return {
        "apiVersion": f"{_RBAC}/v1",
        "kind": "Role",
        "metadata": {"name": _ROLE, "namespace": namespace},
        "rules": [target, probes],
    }


def _role_binding(namespace: str) -> Document:
    return {
        "apiVersion": f"{_RBAC}/v1",
        "kind": "RoleBinding",
        "metadata": {"name": _ROLE, "namespace": namespace},
        "roleRef": {"apiGroup": _RBAC, "kind": "Role", "name": _ROLE},
        "subjects": [dict(EXECUTOR)],
    }


def _core(kind: str, name: str, namespace: str) -> Document:
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "namespace": namespace}}
