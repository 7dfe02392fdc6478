"""The configuration files of the local API server, as plain data."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_NAMESPACES = {"group": "", "resources": ["namespaces", "namespaces/status", "namespaces/finalize"]}
_PROBES = {"group": "", "resources": ["pods", "podtemplates"]}
_REVIEWS = {"group": "authentication.k8s.io", "resources": ["selfsubjectreviews"]}

# What a foreign writer changed stands in the bodies; the annotations that the probes need come with Metadata.
AUDIT_POLICY: dict[str, Any] = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "omitManagedFields": True,
    "rules": [
        {"level": "None", "users": ["system:apiserver"]},
        {
            "level": "RequestResponse",
            "verbs": ["create", "update", "patch", "delete"],
            "resources": [_NAMESPACES],
        },
        {"level": "Metadata", "resources": [_NAMESPACES, _PROBES, _REVIEWS]},
        {"level": "None"},
    ],
}


def admission(exempt_namespaces: Sequence[str]) -> dict[str, Any]:
    """The admission configuration: Pod Security with its built-in defaults and the given exemptions."""
    pod_security = {
        "apiVersion": "pod-security.admission.config.k8s.io/v1",
        "kind": "PodSecurityConfiguration",
        "exemptions": {"usernames": [], "runtimeClasses": [], "namespaces": list(exempt_namespaces)},
    }
    return {
        "apiVersion": "apiserver.config.k8s.io/v1",
        "kind": "AdmissionConfiguration",
        "plugins": [{"name": "PodSecurity", "configuration": pod_security}],
    }


def write_document(path: Path, document: dict[str, Any]) -> Path:
    """Writes a configuration file as JSON, which the API server reads as YAML."""
    path.write_text(json.dumps(document, indent=1), encoding="utf-8")
    return path
