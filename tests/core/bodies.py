"""Bodies of entries, whole and plain: what the models write."""

from __future__ import annotations

from typing import Any

from tests.fakes.gate import PINS

LABEL = "pod-security.kubernetes.io/enforce"
LABELS = {LABEL: "restricted"}
UID = "0c7b3c2e-52a5-4d7e-9a0c-6f2a3f6f2c11"
T0 = 1_784_635_200_000
DEADLINE = T0 + 900_000
DIGEST = "d" * 64

TASK: dict[str, Any] = {
    "schema": 1,
    "id": "restore-psa-0007",
    "runbook": "MKS-PSA-Label-Restore-v3",
    "cluster_id": "mks-us-east-1-prod-03",
    "namespace": "payments-settlement-prod",
    "owner_alias": "payments-settlement",
    "policy_baseline_version": "psb-2026.07",
    "labels": LABELS,
    "drift": {"namespace_uid": UID, "labels": {LABEL: None}},
    "retry_budget": 2,
    "prequalification": {"reference": "CHG-20431", "by": "platform-governance", "until_ms": DEADLINE},
    "incident": None,
    "submission": {"submitter": "ci-platform", "assurance": "claimed", "submitted_ms": T0},
}

ROUTING: dict[str, Any] = {
    "steps": ["restore"],
    "target_key": ["cluster_id", "namespace"],
    "sources": ["namespace_baseline"],
    "effects": {"gather": "read", "patch_labels": "write", "resolve_write": "read", "verify": "round"},
    "actions": {
        "cp0": ["gather"],
        "cp1": ["gather", "patch_labels", "resolve_write"],
        "cp2": ["gather", "patch_labels", "resolve_write", "verify"],
        "cp3": ["gather", "verify", "finish"],
        "cp4": ["finish", "gather"],
    },
    "retry_budget": 2,
    "label_keys": [LABEL],
    "duration_ms": 900_000,
    "owner": {"name": "Leah Moran", "title": "Director", "queue": "platform-governance"},
}

LEDGER: dict[str, Any] = {
    "previous_run": None,
    "previous_chain": "none",
    "evidence_missing": [],
    "escalations": [],
    "paused": None,
}

FINISH: dict[str, Any] = {
    "verified_ms": T0 + 60_000,
    "resource_version": "48215",
    "servers": "sampled",
    "endpoints": ["api-1"],
    "writer": "attempt_1",
    "audit": "shown",
    "limits": [],
}

_HTTP: dict[str, Any] = {
    "endpoint": "api-1",
    "outcome": "answered",
    "status": 200,
    "sent_ms": T0,
    "answered_ms": T0 + 5,
    "date_ms": T0,
    "audit_id": "3f0ad3a5-2f60-4d5b-8e0a-0f4f9a6f1c55",
    "retry_after_s": None,
    "reason": None,
    "kind": None,
    "causes": [],
    "message": None,
    "warnings": {"pod_security": [], "existing_pods": False, "others": 0},
}

_OBJECT: dict[str, Any] = {
    "name": "payments-settlement-prod",
    "uid": UID,
    "resource_version": "48211",
    "phase": "Active",
    "deletion_ms": None,
    "labels": {LABEL: None},
    "markers": [],
    "managers": [],
}

_READ: dict[str, Any] = {"http": _HTTP, "read_boottime_ms": 1_000_000, "object": _OBJECT}
_AUDIT: dict[str, Any] = {"outcome": "answered", "complete": True, "newest_ms": T0, "events": [], "writes": []}

_REGISTER: dict[str, Any] = {
    "outcome": "unanswered",
    "problem": "io_error",
    "read_at_ms": T0,
    "sha256": None,
    "source_id": None,
    "schema_id": None,
    "version": None,
    "as_of_ms": None,
    "scope": None,
    "complete": None,
    "total": None,
    "records": [],
    "dropped": 0,
}

OBSERVED: dict[str, dict[str, Any]] = {
    "gather": {
        "effect": "gather",
        "ledger": LEDGER,
        "registers": dict.fromkeys(
            ("namespace_baseline", "platform_exceptions", "cluster_inventory", "namespace_ownership"), _REGISTER
        ),
        "cluster": {"http": _HTTP, "uid": "b1f0a3f0-5c8e-4a3f-9a39-6f1c0b6f2f10"},
        "identity": {"http": _HTTP, "username": "runbook-gate"},
        "first": _READ,
        "dry_run": _READ,
        "last": _READ,
    },
    "patch_labels": {"effect": "patch_labels", "patched": _READ},
    "resolve_write": {"effect": "resolve_write", "read": _READ, "audit": _AUDIT},
    "verify": {
        "effect": "verify",
        "sampled": True,
        "servers": [{"endpoint": "api-1", "first": _READ, "probes": [], "last": _READ}],
        "audit": _AUDIT,
    },
}

EXCHANGED: dict[str, Any] = {
    "request": {"path": "/", "query": "", "body_sha256": DIGEST, "input_sha256": DIGEST},
    "answer": {"status": 200, "body_sha256": DIGEST, "result_sha256": DIGEST},
}


def opened(**routing: Any) -> dict[str, Any]:
    """The body of the first entry, with some of the runbook's routing changed."""
    return {
        "task": TASK,
        "pins": PINS.model_dump(),
        "routing": {**ROUTING, **routing},
        "target_key": "mks-us-east-1-prod-03/payments-settlement-prod",
        "deadline_ms": DEADLINE,
        "ledger": LEDGER,
    }
