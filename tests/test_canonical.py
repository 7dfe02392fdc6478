"""The canonical form: RFC 8785, and equal to what Go and OPA hash."""

from __future__ import annotations

import hashlib
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runbook_gate.canonical import LARGEST_INTEGER, canonical_bytes, gate_bytes, sha256_hex
from runbook_gate.errors import CanonicalError

KEYS = st.text(st.characters(max_codepoint=127), max_size=8)
SCALARS = st.none() | st.booleans() | st.integers(-LARGEST_INTEGER, LARGEST_INTEGER) | st.text()
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=6) | st.dictionaries(KEYS, inner, max_size=6))


def digests_in_rego(opa: Path, values: list[Any]) -> list[str]:
    """What Rego computes over each value when it is the input."""
    data = b"[" + b",".join(gate_bytes(value) for value in values) + b"]"
    query = "[crypto.sha256(json.marshal(value)) | value := input[_]]"
    command = [str(opa), "eval", "--stdin-input", "--format=json", query]
    answer = json.loads(subprocess.run(command, input=data, capture_output=True, check=True, timeout=60).stdout)
    digests: list[str] = answer["result"][0]["expressions"][0]["value"]
    return digests


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, b"null"),
        (True, b"true"),
        (-0, b"0"),
        (LARGEST_INTEGER, b"9007199254740991"),
        (-LARGEST_INTEGER, b"-9007199254740991"),
        ([], b"[]"),
        ({}, b"{}"),
        ((1, "a"), b'[1,"a"]'),
        ({"b": 1, "a": [None, False], "B": {}}, b'{"B":{},"a":[null,false],"b":1}'),
        ('"\\/\b\f\n\r\t\x00\x1f', b'"\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f"'),
        ("\x7f<>&\u2028\u2029\u20ac\U0001f600", '"\x7f<>&\u2028\u2029\u20ac\U0001f600"'.encode()),
    ],
)
def test_canonical_form(value: object, expected: bytes) -> None:
    assert canonical_bytes(value) == expected


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(1.0, id="a whole float"),
        pytest.param(float("nan"), id="NaN"),
        pytest.param(LARGEST_INTEGER + 1, id="an integer that JSON readers round"),
        pytest.param(-LARGEST_INTEGER - 1, id="the same, negative"),
        pytest.param("\ud800", id="a lone surrogate"),
        pytest.param("\ud83d\ude00", id="a pair as two characters"),
        pytest.param({"\u00e4": 1}, id="a key that is not ASCII"),
        pytest.param({1: 1}, id="a key that is not a string"),
        pytest.param(b"raw", id="bytes"),
        pytest.param({"secret"}, id="a set"),
    ],
)
def test_values_without_canonical_form(value: object) -> None:
    for wrapped in (value, [value], {"k": {"k": [0, value]}}):
        with pytest.raises(CanonicalError) as refused:
            canonical_bytes(wrapped)
        assert refused.value.exit_status == 1
        assert "secret" not in str(refused.value)


def test_a_value_that_contains_itself_is_refused() -> None:
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(CanonicalError, match="nested too deeply"):
        canonical_bytes(endless)


def test_gate_bytes_escape_five_characters_in_keys_and_values() -> None:
    assert gate_bytes({"<k>": "a<b>&\u2028\u2029"}) == (b'{"\\u003ck\\u003e":"a\\u003cb\\u003e\\u0026\\u2028\\u2029"}')


def test_sha256_hex() -> None:
    assert sha256_hex(b"test") == hashlib.sha256(b"test").hexdigest()


@given(VALUES)
def test_both_forms_mean_the_value(value: Any) -> None:
    assert json.loads(canonical_bytes(value)) == json.loads(gate_bytes(value)) == value


@given(VALUES)
def test_equal_to_sorted_compact_json(value: Any) -> None:
    """What an auditor can say without our code, and what `ledger verify` compares with."""
    compact = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    assert canonical_bytes(value) == compact.encode()


@given(VALUES)
def test_equal_to_what_rfc8785_writes(value: Any) -> None:
    assert canonical_bytes(value) == rfc8785.dumps(value)


def test_deep_nesting_is_written_too() -> None:
    deep: Any = "x"
    for _ in range(300):
        deep = [deep]
    assert canonical_bytes(deep) == b"[" * 300 + b'"x"' + b"]" * 300


def test_rego_computes_the_same_digest_for_every_character(opa_binary: Path) -> None:
    plane_zero = [chr(c) for c in range(0x10000) if not 0xD800 <= c <= 0xDFFF]
    beyond = ["".join(map(chr, range(c, c + 0x1000))) for c in range(0x10000, 0x110000, 0x1000)]
    values = [*plane_zero, *beyond, *({c: c} for c in map(chr, range(128)))]
    assert digests_in_rego(opa_binary, values) == [sha256_hex(gate_bytes(value)) for value in values]


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(values=st.lists(VALUES, min_size=20, max_size=60))
def test_rego_computes_the_same_digest_for_any_value(opa_binary: Path, values: list[Any]) -> None:
    assert digests_in_rego(opa_binary, values) == [sha256_hex(gate_bytes(value)) for value in values]
