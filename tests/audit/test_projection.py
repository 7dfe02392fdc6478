"""What is kept of an audit event, and what a write did to the runbook's labels."""

from __future__ import annotations

from typing import Any

import pytest

from runbook_gate.audit.changes import label_change
from runbook_gate.audit.projection import audit_event

SECRET = "planted-secret"
ENFORCE, WARN = "pod-security.kubernetes.io/enforce", "pod-security.kubernetes.io/warn"
KEYS = (ENFORCE, WARN)
POINTER = "/metadata/labels/pod-security.kubernetes.io~1enforce"
EVENT: dict[str, Any] = {
    "kind": "Event",
    "level": "RequestResponse",
    "auditID": "3f0ad3a5-2f60-4d5b-8e0a-0f4f9a6f1c55",
    "stage": "ResponseComplete",
    "requestURI": f"/api/v1/namespaces/payments/pods?dryRun=All&x={SECRET}",
    "verb": "create",
    "user": {"username": "system:serviceaccount:a:b", "uid": SECRET, "groups": [SECRET], "extra": {"a": [SECRET]}},
    "impersonatedUser": {"username": SECRET},
    "sourceIPs": [SECRET],
    "userAgent": SECRET,
    "objectRef": {"resource": "pods", "namespace": "payments", "name": "p", "apiVersion": SECRET, "uid": SECRET},
    "responseStatus": {"code": 403, "message": SECRET, "reason": SECRET, "details": {"name": SECRET}},
    "requestObject": {"spec": SECRET},
    "responseObject": {"message": SECRET},
    "requestReceivedTimestamp": "2026-11-20T10:00:00.000001Z",
    "stageTimestamp": "2026-11-20T10:00:00.020000Z",
    "annotations": {
        "pod-security.kubernetes.io/enforce-policy": "restricted:v1.31",
        "pod-security.kubernetes.io/audit-violations": f'would violate PodSecurity "baseline:v1.30": {SECRET}',
        "authorization.k8s.io/reason": SECRET,
    },
}


def test_the_named_fields_are_kept_and_no_other() -> None:
    kept = audit_event(EVENT, KEYS)
    assert SECRET not in kept.model_dump_json()
    assert kept.model_dump() == {
        "audit_id": EVENT["auditID"],
        "stage": "ResponseComplete",
        "verb": "create",
        "username": "system:serviceaccount:a:b",
        "resource": "pods",
        "namespace": "payments",
        "name": "p",
        "subresource": None,
        "dry_run": True,
        "code": 403,
        "received_ms": 1795168800000,
        "stage_ms": 1795168800020,
        "enforce_policy": "restricted:v1.31",
        "violations": "baseline:v1.30",
        "exempt": None,
        "error": False,
        "resource_version": None,
        "change": None,
    }


@pytest.mark.parametrize("odd", [None, 1, [], {}, [SECRET], "x\ny", f"{SECRET}:v1.30", "restricted:v1.31 " + SECRET])
def test_odd_annotations_are_null_but_never_unseen(odd: Any) -> None:
    prefix = "pod-security.kubernetes.io/"
    notes = {prefix + name: odd for name in ("enforce-policy", "audit-violations", "exempt", "error")}
    kept = audit_event({**EVENT, "annotations": notes}, KEYS)
    assert (kept.enforce_policy, kept.violations, kept.error) == (None, None, True)
    assert kept.exempt == (None if odd is None else "other")
    assert SECRET not in kept.model_dump_json()


@pytest.mark.parametrize("exempt", ["user", "namespace", "runtimeClass"])
def test_an_exemption_is_kept(exempt: str) -> None:
    notes = {"pod-security.kubernetes.io/exempt": exempt}
    assert audit_event({**EVENT, "annotations": notes}, KEYS).exempt == exempt


@pytest.mark.parametrize("odd", [None, 1, [], {}, [SECRET], {"a": SECRET}, "\ud800", "x" * 5000])
@pytest.mark.parametrize("field", sorted(EVENT))
def test_an_odd_event_is_projected_all_the_same(field: str, odd: Any) -> None:
    assert SECRET not in audit_event({**EVENT, field: odd}, KEYS).model_dump_json()


@pytest.mark.parametrize(
    ("uri", "dry_run"),
    [
        ("/a?dryRun=All", True),
        ("/a?x=1&dryRun=All&y=2", True),
        ("/a?dryRun=", False),
        ("/a?xdryRun=All", False),
        ("/a/dryRun=All", False),
        ("/a", False),
        ("http://[", False),
        (None, False),
    ],
)
def test_a_dry_run_is_told_by_the_query(uri: Any, *, dry_run: bool) -> None:
    assert audit_event({**EVENT, "requestURI": uri}, KEYS).dry_run is dry_run


def body(**labels: str | None) -> dict[str, Any]:
    names = {"enforce": ENFORCE, "warn": WARN, "team": "team"}
    return {"metadata": {"labels": {names[key]: value for key, value in labels.items()}}}


def stored(**labels: str) -> dict[str, Any]:
    return {"kind": "Namespace", **body(**labels)}


NONE = dict.fromkeys(KEYS)
CHANGES: dict[str, tuple[dict[str, Any], dict[str, str | None] | None]] = {
    "a merge patch of one": ({"requestObject": body(enforce="baseline", team=SECRET)}, {ENFORCE: "baseline"}),
    "a removal": ({"requestObject": body(enforce=None)}, {ENFORCE: None}),
    "another label": ({"requestObject": body(team=SECRET)}, None),
    "an annotation": ({"requestObject": {"metadata": {"annotations": {"a": SECRET}}}}, None),
    "all labels removed": ({"requestObject": {"metadata": {"labels": None}}}, NONE),
    "the stored value counts": (
        {"requestObject": body(enforce="baseline"), "responseObject": stored(enforce="privileged", warn="baseline")},
        {ENFORCE: "privileged"},
    ),
    "a refusal is no stored value": (
        {"requestObject": body(enforce="baseline"), "responseObject": {"kind": "Status", **body(enforce=SECRET)}},
        {ENFORCE: "baseline"},
    ),
    "a PUT": ({"verb": "update", "requestObject": stored(enforce="baseline")}, {ENFORCE: "baseline", WARN: None}),
    "a creation": ({"verb": "create", "requestObject": stored()}, NONE),
    "an apply": (
        {"requestObject": stored(team=SECRET), "responseObject": stored(enforce="baseline")},
        {ENFORCE: "baseline", WARN: None},
    ),
    "no bodies": ({}, NONE),
    "an odd body": ({"requestObject": SECRET}, NONE),
    "a response only": ({"responseObject": stored(warn="baseline")}, {ENFORCE: None, WARN: "baseline"}),
    "a deletion": ({"verb": "delete"}, None),
    "JSON patch add": ({"requestObject": [{"op": "add", "path": POINTER, "value": "baseline"}]}, {ENFORCE: "baseline"}),
    "JSON patch remove": ({"requestObject": [{"op": "remove", "path": POINTER}]}, {ENFORCE: None}),
    "JSON patch test": ({"requestObject": [{"op": "test", "path": POINTER, "value": "x"}]}, None),
    "JSON patch of all labels": ({"requestObject": [{"op": "replace", "path": "/metadata/labels", "value": {}}]}, NONE),
    "JSON patch of the whole": ({"requestObject": [{"op": "replace", "path": "", "value": {}}]}, NONE),
    "JSON patch move away": (
        {"requestObject": [{"op": "move", "from": POINTER, "path": "/metadata/labels/team"}]},
        {ENFORCE: None},
    ),
    "JSON patch of another": (
        {"requestObject": [{"op": "add", "path": "/metadata/labels/team", "value": SECRET}]},
        None,
    ),
    "odd JSON patch": ({"requestObject": [SECRET, {"op": "add", "path": 5}]}, None),
}


@pytest.mark.parametrize(
    ("kind", "resource", "told"),
    [("Namespace", "namespaces", "48213"), ("Status", "namespaces", None), ("Namespace", "pods", None)],
)
def test_the_state_that_a_write_led_to(kind: str, resource: str, told: str | None) -> None:
    about = {**EVENT["objectRef"], "resource": resource}
    event = {**EVENT, "objectRef": about, "responseObject": {"kind": kind, "metadata": {"resourceVersion": "48213"}}}
    assert audit_event(event, KEYS).resource_version == told


@pytest.mark.parametrize("what", CHANGES)
def test_the_change_to_the_labels(what: str) -> None:
    event, expected = CHANGES[what]
    change = label_change({"verb": "patch", **event}, KEYS)
    assert (change and change.labels) == expected
