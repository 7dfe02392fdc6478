"""What is kept of a register's answer, and what of its records."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from runbook_gate.models.register import RegisterAnswer, WaiverRecord
from runbook_gate.registers.projection import register_answer
from runbook_gate.registers.protocol import RawAnswer
from runbook_gate.registers.records import Target, waiver

SECRET = "planted-secret"
KEYS = ("pod-security.kubernetes.io/enforce", "pod-security.kubernetes.io/warn")
TARGET = Target("mks-1", "payments", KEYS)
SCOPE = {"cluster_id": "mks-1", "namespace": "payments"}
WAIVER = {"id": "EXC-1", "status": "open", "expiry": "2026-11-20T10:00:00Z", "scope": SCOPE, "reason": SECRET}
ENVELOPE: dict[str, Any] = {
    "schema": "platform_exceptions/1",
    "source_id": "platform-exceptions",
    "as_of": "2026-11-20T10:00:00Z",
    "scope": {"cluster_id": "mks-1", "note": SECRET},
    "complete": True,
    "total": 1,
    "version": "4711",
    "records": [WAIVER],
    "contact": SECRET,
}
MISSING = object()


def raw(document: Any) -> RawAnswer:
    content = document if isinstance(document, bytes) else json.dumps(document).encode()
    return RawAnswer("answered", None, 5, content)


def waivers(document: Any) -> RegisterAnswer[WaiverRecord]:
    kept = register_answer(raw(document), TARGET, waiver)
    assert SECRET not in kept.model_dump_json()
    return kept


def test_an_envelope_is_kept_by_its_fields() -> None:
    kept = waivers(ENVELOPE)
    assert kept.model_dump(exclude={"records"}) == {
        "outcome": "answered",
        "problem": None,
        "read_at_ms": 5,
        "sha256": hashlib.sha256(json.dumps(ENVELOPE).encode()).hexdigest(),
        "source_id": "platform-exceptions",
        "schema_id": "platform_exceptions/1",
        "version": "4711",
        "as_of_ms": 1795168800000,
        "scope": {"cluster_id": "mks-1", "namespace": None},
        "complete": True,
        "total": 1,
        "dropped": 0,
    }


NO_TEXT: tuple[Any, ...] = (1, True, [], {}, [SECRET], {"a": SECRET}, "x\ny", "x" * 300)
NO_TIME = (*NO_TEXT, SECRET, "2026-11-20", "2026-11-20T10:00:00", "2026-11-20T10:00:00+00:00", "2026-13-01T00:00:00Z")
ODD_FIELDS: dict[str, tuple[Any, ...]] = {
    "schema": (MISSING, None, *NO_TEXT),
    "source_id": (MISSING, None, *NO_TEXT),
    "as_of": (MISSING, None, *NO_TIME),
    "scope": (MISSING, None, 1, True, [], [SECRET], SECRET),
    "complete": (MISSING, None, 0, 1, "true", [], {}),
    "total": (MISSING, None, True, "1", [], {}),
    "version": NO_TEXT,
    "records": (MISSING, None, 1, True, {}, {"a": SECRET}, SECRET),
}


@pytest.mark.parametrize(("field", "odd"), [(field, odd) for field, values in ODD_FIELDS.items() for odd in values])
def test_an_odd_envelope_is_malformed(field: str, odd: Any) -> None:
    document = {key: value for key, value in {**ENVELOPE, field: odd}.items() if value is not MISSING}
    kept = waivers(document)
    assert (kept.outcome, kept.problem, kept.records) == ("malformed", f"envelope_{field}", [])
    assert (kept.source_id, kept.complete, kept.total, kept.dropped) == (None, None, None, 0)
    assert kept.sha256 is not None


def test_a_register_without_a_version_is_an_answer() -> None:
    kept = waivers({key: value for key, value in ENVELOPE.items() if key != "version"})
    assert (kept.outcome, kept.version) == ("answered", None)


BROKEN: dict[str, bytes] = {
    "empty": b"",
    "duplicate key": b'{"schema": "a", "schema": "planted-secret"}',
    "not UTF-8": b"\xff\xfe",
    "a list": b"[]",
    "text": b"planted-secret",
    "truncated": b'{"schema": "planted-secret',
    "HTML": b"<html>planted-secret</html>",
    "NaN": b'{"total": NaN}',
    "lone surrogate": b'{"source_id": "\\ud800"}',
    "huge number": b'{"total": 99999999999999999999}',
    "deep": b"[" * 10_000,
    "YAML alias": b"a: &x planted-secret\nb: *x\n",
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_document_is_malformed(what: str) -> None:
    kept = waivers(BROKEN[what])
    assert (kept.outcome, kept.sha256) == ("malformed", hashlib.sha256(BROKEN[what]).hexdigest())
    assert kept.problem is not None


SCOPES: dict[str, tuple[Any, bool]] = {
    "the target": (SCOPE, True),
    "another cluster": ({**SCOPE, "cluster_id": "mks-2"}, False),
    "another namespace": ({**SCOPE, "namespace": "ledger"}, False),
    "another cluster, any namespace": ({"cluster_id": "mks-2", "namespace": "*"}, False),
    "any cluster": ({**SCOPE, "cluster_id": "*"}, True),
    "any namespace": ({**SCOPE, "namespace": "*"}, True),
    "a pattern": ({**SCOPE, "namespace": "ledger-*"}, True),
    "another spelling": ({**SCOPE, "namespace": "Payments"}, True),
    "a space": ({**SCOPE, "namespace": "ledger "}, True),
    "no namespace": ({"cluster_id": "mks-1"}, True),
    "empty": ({}, True),
    "missing": (MISSING, True),
    "null": (None, True),
    "a list": ([SECRET], True),
    "text": (SECRET, True),
    "odd fields": ({"cluster_id": 5, "namespace": [SECRET]}, True),
    "odd cluster, another namespace": ({"cluster_id": 5, "namespace": "ledger"}, False),
}


@pytest.mark.parametrize("what", SCOPES)
def test_a_waiver_is_dropped_only_if_it_is_literally_elsewhere(what: str) -> None:
    scope, kept_one = SCOPES[what]
    record: dict[str, Any] = {**WAIVER, "scope": scope}
    if scope is MISSING:
        del record["scope"]
    kept = waivers({**ENVELOPE, "records": [record]})
    assert (len(kept.records), kept.dropped) == ((1, 0) if kept_one else (0, 1))


@pytest.mark.parametrize("odd", [None, 1, True, [], {}, [SECRET], {"a": SECRET}, "a\nb", "x" * 300])
@pytest.mark.parametrize("field", ["id", "status", "expiry"])
def test_an_odd_field_of_a_waiver_is_null_and_the_waiver_stays(field: str, odd: Any) -> None:
    kept = waivers({**ENVELOPE, "records": [{**WAIVER, field: odd}]})
    [record] = kept.records
    assert getattr(record, {"expiry": "expiry_ms"}.get(field, field)) is None
    assert (kept.outcome, kept.dropped) == ("answered", 0)


@pytest.mark.parametrize("odd", [None, 1, "planted-secret", [SECRET], {}])
def test_an_odd_waiver_stays_without_content(odd: Any) -> None:
    kept = waivers({**ENVELOPE, "records": [odd]})
    assert [record.model_dump() for record in kept.records] == [
        {"id": None, "status": None, "expiry_ms": None, "scope": None}
    ]
