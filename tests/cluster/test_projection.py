"""What is kept of an answer, and that nothing else is: planted strings stand in each place that is dropped."""

from __future__ import annotations

import json
from typing import Any

import pytest

from runbook_gate.cluster.messages import SentObject
from runbook_gate.cluster.projection import cluster_identity, executor_identity, http_answer, namespace_read
from runbook_gate.cluster.protocol import Exchange

KEYS = ("pod-security.kubernetes.io/enforce", "pod-security.kubernetes.io/warn")
SECRET = "planted-secret"


def exchange(body: Any, *headers: tuple[str, str], status: int = 200) -> Exchange:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Exchange("api-1", "answered", 1, 2, 3, status, tuple(headers), raw)


def managed(manager: str, *labels: str, **more: Any) -> dict[str, Any]:
    owned: dict[str, Any] = {f"f:{key}": {} for key in labels}
    fields = {"f:metadata": {"f:labels": {".": {}, **owned}}}
    return {"manager": manager, "operation": "Update", "time": "2026-11-20T10:00:00Z", "fieldsV1": fields, **more}


NAMESPACE: dict[str, Any] = {
    "kind": "Namespace",
    "metadata": {
        "name": "payments",
        "uid": "u-1",
        "resourceVersion": "7",
        "generation": SECRET,
        "labels": {KEYS[0]: "baseline", "team": SECRET},
        "annotations": {"kubectl.kubernetes.io/last-applied-configuration": SECRET},
        "finalizers": [SECRET],
        "ownerReferences": [{"name": SECRET}],
        "managedFields": [
            managed("rbgate.01kq3v.2", KEYS[0]),
            managed("kubectl-label", KEYS[1]),
            managed(SECRET, "team"),
            managed("rbgate.odd", KEYS[0]),
            {"manager": SECRET, "fieldsV1": SECRET},
            SECRET,
        ],
    },
    "spec": {"finalizers": [SECRET]},
    "status": {"phase": "Active", "conditions": [{"message": SECRET}]},
}


def test_of_a_namespace_the_runbooks_labels_and_their_managers_are_kept() -> None:
    kept = namespace_read(exchange(NAMESPACE), KEYS)
    assert kept.object is not None
    assert kept.object.model_dump() == {
        "name": "payments",
        "uid": "u-1",
        "resource_version": "7",
        "phase": "Active",
        "deletion_ms": None,
        "labels": {KEYS[0]: "baseline", KEYS[1]: None},
        "markers": [
            {
                "manager": "rbgate.01kq3v.2",
                "run": "01kq3v",
                "attempt": 2,
                "operation": "Update",
                "time_ms": 1795168800000,
            }
        ],
        "managers": ["kubectl-label", "rbgate.odd"],
    }
    assert SECRET not in kept.model_dump_json()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'"Namespace"',
        b"{",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"kind": "Namespace"',
        {"kind": "NamespaceList"},
        {"kind": "Status", "message": SECRET},
        {"metadata": {"name": SECRET}},
    ],
)
def test_what_is_not_a_namespace_is_none(body: Any) -> None:
    kept = namespace_read(exchange(body), KEYS)
    assert kept.object is None
    assert SECRET not in kept.model_dump_json()


ODD: list[Any] = [None, 1, 1.5, True, [], {}, [SECRET], {"a": SECRET}, "line\nbreak", "\ud800", "x" * 4000]


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("field", ["name", "uid", "resourceVersion", "deletionTimestamp", "labels", "managedFields"])
def test_an_odd_field_of_a_namespace_is_null(field: str, odd: Any) -> None:
    body = {**NAMESPACE, "metadata": {**NAMESPACE["metadata"], field: odd}}
    kept = namespace_read(exchange(body), KEYS)
    assert kept.object is not None
    names = {"resourceVersion": "resource_version", "deletionTimestamp": "deletion_ms"}
    expected: Any = None
    if field == "labels" and odd in (None, {}, []):
        expected = dict.fromkeys(KEYS)
    if field == "labels" and isinstance(odd, dict):
        expected = dict.fromkeys(KEYS)
    if field != "managedFields":
        assert getattr(kept.object, names.get(field, field)) == expected
    assert SECRET not in kept.model_dump_json()


def test_a_label_that_is_not_text_makes_the_labels_unknown() -> None:
    body = {**NAMESPACE, "metadata": {**NAMESPACE["metadata"], "labels": {KEYS[0]: 5}}}
    found = namespace_read(exchange(body), KEYS).object
    assert found is not None
    assert found.labels is None


STATUS: dict[str, Any] = {
    "kind": "Status",
    "code": 403,
    "reason": "Forbidden",
    "message": f'pods "p" is forbidden: violates PodSecurity "restricted:v1.34": {SECRET}',
    "metadata": {"remainingItemCount": SECRET},
    "details": {
        "kind": "pods",
        "name": SECRET,
        "group": SECRET,
        "causes": [
            {"reason": "FieldValueInvalid", "message": SECRET, "field": f"metadata.labels[{KEYS[0]}]"},
            {"reason": "FieldManagerConflict", "message": SECRET, "field": f".metadata.labels.{KEYS[0]}"},
            {"reason": "FieldValueInvalid", "field": f"metadata.annotations[{SECRET}]"},
            {"reason": SECRET, "field": "spec.containers[0].image"},
            SECRET,
        ],
    },
}


def test_of_a_status_reasons_fields_and_the_id_of_its_text_are_kept() -> None:
    kept = http_answer(exchange(STATUS, status=403), SentObject("pods", "p"))
    assert (kept.status, kept.reason, kept.kind) == (403, "Forbidden", "pods")
    assert [(cause.reason, cause.field) for cause in kept.causes] == [
        ("FieldValueInvalid", f"metadata.labels[{KEYS[0]}]"),
        ("FieldManagerConflict", f".metadata.labels.{KEYS[0]}"),
        ("FieldValueInvalid", None),
        (None, "spec.containers[0].image"),
        (None, None),
    ]
    assert kept.message is not None
    assert (kept.message.pattern, kept.message.level_version) == ("psa_violation", "restricted:v1.34")
    assert SECRET not in kept.model_dump_json()


@pytest.mark.parametrize("odd", [*ODD, SECRET])
@pytest.mark.parametrize("field", ["reason", "message", "details"])
def test_an_odd_field_of_a_status_is_dropped(field: str, odd: Any) -> None:
    kept = http_answer(exchange({**STATUS, field: odd}, status=500), SentObject("pods", "p"))
    assert SECRET not in kept.model_dump_json()
    assert getattr(kept, {"details": "kind"}.get(field, field)) is None or field == "message"


def test_a_body_that_is_no_json_is_only_a_length() -> None:
    kept = http_answer(exchange(b"<html>" + SECRET.encode(), status=502))
    assert kept.message is not None
    assert (kept.message.pattern, kept.message.length) == (None, 6 + len(SECRET))
    assert SECRET not in kept.model_dump_json()


def test_of_identities_one_name_each_is_kept() -> None:
    body = {
        "metadata": {"name": SECRET},
        "status": {"userInfo": {"username": "me", "groups": [SECRET], "extra": {"a": [SECRET]}}},
    }
    identity = executor_identity(exchange(body, status=201))
    cluster = cluster_identity(exchange({**NAMESPACE, "kind": "Namespace"}))
    assert (identity.username, cluster.uid) == ("me", "u-1")
    assert SECRET not in identity.model_dump_json() + cluster.model_dump_json()


def test_a_raw_answer_does_not_print_what_it_holds() -> None:
    raw = exchange(SECRET.encode(), ("warning", SECRET))
    assert SECRET not in repr(raw)
