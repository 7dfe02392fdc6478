"""From an audit event to what may be kept of it: no groups, extras, addresses, user agents or bodies."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from runbook_gate.audit.changes import label_change
from runbook_gate.models.audit_answer import AuditEvent
from runbook_gate.shapes import LEVEL_VERSION, integer, mapping, matched, text
from runbook_gate.timestamps import rfc3339_ms

_PREFIX: Final = "pod-security.kubernetes.io/"
_AUDIT_ID: Final = re.compile(r"[A-Za-z0-9-]{1,64}")
_WORD: Final = re.compile(r"[A-Za-z]{1,64}")
_POLICY: Final = re.compile(LEVEL_VERSION)
_VIOLATION: Final = re.compile(rf'would violate PodSecurity "({LEVEL_VERSION})"(?:: |$)')


def audit_event(event: Mapping[str, Any], label_keys: tuple[str, ...]) -> AuditEvent:
    """Project an event.

    Args:
        event: audit.k8s.io/v1 Event.
        label_keys: the runbook's labels.
    """
    about = mapping(event.get("objectRef"))
    return AuditEvent(
        audit_id=matched(_AUDIT_ID, event.get("auditID")) or "",
        stage=matched(_WORD, event.get("stage")),
        verb=matched(_WORD, event.get("verb")),
        username=text(mapping(event.get("user")).get("username"), 512),
        resource=text(about.get("resource")),
        namespace=text(about.get("namespace")),
        name=text(about.get("name")),
        subresource=text(about.get("subresource")),
        dry_run=_dry_run(event.get("requestURI")),
        code=integer(mapping(event.get("responseStatus")).get("code")),
        received_ms=rfc3339_ms(event.get("requestReceivedTimestamp")),
        stage_ms=rfc3339_ms(event.get("stageTimestamp")),
        **_pod_security(mapping(event.get("annotations"))),
        **_of_namespace(event, label_keys),
    )


def _of_namespace(event: Mapping[str, Any], label_keys: tuple[str, ...]) -> dict[str, Any]:
    if mapping(event.get("objectRef")).get("resource") != "namespaces":
        return {"resource_version": None, "change": None}
    response = mapping(event.get("responseObject"))
    stored = mapping(response.get("metadata")) if response.get("kind") == "Namespace" else {}
    return {
        "resource_version": text(stored.get("resourceVersion"), 64),
        "change": label_change(event, label_keys),
    }


def _pod_security(notes: Mapping[str, Any]) -> dict[str, Any]:
    violation = _VIOLATION.match(str(notes.get(_PREFIX + "audit-violations", "")))
    exempt = notes.get(_PREFIX + "exempt")
    return {
        "enforce_policy": matched(_POLICY, notes.get(_PREFIX + "enforce-policy")),
        "violations": violation[1] if violation else None,
        "exempt": None if exempt is None else matched(_WORD, exempt) or "other",
        "error": _PREFIX + "error" in notes,
    }


def _dry_run(uri: object) -> bool:
    try:
        return "All" in parse_qs(urlsplit(str(uri)).query).get("dryRun", [])
    except ValueError:
        return False
