"""The requests that there are, as data. There is no other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from runbook_gate.cluster.protocol import LabelPatch, ProbeResource

SERVER_TIMEOUT: Final = ("timeout", "10s")
DRY_RUN: Final = ("dryRun", "All")


@dataclass(frozen=True)
class Call:
    """One request.

    Attributes:
        method: HTTP method.
        path: with names in braces for `path_params`.
        path_params: what stands in their place, escaped.
        query: the server gives up after 10 s, before we do.
        body: JSON; None values survive.
        content_type: of the body.
        audit_id: sent as Audit-ID, if there is one.
    """

    method: str
    path: str
    path_params: Mapping[str, str] = field(default_factory=dict)
    query: tuple[tuple[str, str], ...] = (SERVER_TIMEOUT,)
    body: Mapping[str, Any] | None = None
    content_type: str = "application/json"
    audit_id: str | None = None

    def headers(self) -> dict[str, str]:
        """Headers of this request, without those of authentication."""
        audit = {"Audit-ID": self.audit_id} if self.audit_id else {}
        content = {"Content-Type": self.content_type} if self.body is not None else {}
        return {"Accept": "application/json", **content, **audit}


def read_namespace(name: str) -> Call:
    """Without a resourceVersion parameter the answer comes from etcd, not from a cache."""
    return Call("GET", "/api/v1/namespaces/{name}", {"name": name})


def patch_namespace(patch: LabelPatch, *, dry_run: bool, audit_id: str | None) -> Call:
    """A JSON merge patch; the server refuses a field that it does not know."""
    query = (SERVER_TIMEOUT, ("fieldManager", patch.field_manager), ("fieldValidation", "Strict"))
    return Call(
        "PATCH",
        "/api/v1/namespaces/{name}",
        {"name": patch.namespace},
        (*query, DRY_RUN) if dry_run else query,
        patch.body(),
        "application/merge-patch+json",
        audit_id,
    )


def create_dry_run(resource: ProbeResource, namespace: str, manifest: Mapping[str, Any], *, audit_id: str) -> Call:
    """A creation that is never stored: there is no call that creates without dryRun=All."""
    return Call(
        "POST",
        "/api/v1/namespaces/{namespace}/{resource}",
        {"namespace": namespace, "resource": resource},
        (SERVER_TIMEOUT, ("fieldManager", "rbgate-probe"), DRY_RUN),
        manifest,
        audit_id=audit_id,
    )


def self_subject_review(*, audit_id: str | None = None) -> Call:
    """As whom the API server sees us."""
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    return Call("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", body=body, audit_id=audit_id)
