"""What OPA puts around a decision: everything but the one shape is no decision, each with a code of its own."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.core.questions import DOCUMENT, accepted, raw, refusal
from tests.fakes.gate import PINS, decision, envelope

from runbook_gate.canonical import sha256_hex
from runbook_gate.core.acceptance import RawAnswer, members_of, served_by
from runbook_gate.errors import NoDecision

GOOD = envelope(decision(DOCUMENT))
BODY = json.dumps(GOOD).encode()
RESULT = json.dumps(GOOD["result"])
OTHER = {"bundles": {"bundle.tar.gz": {"revision": "e" * 64}}, "version": PINS.opa_version}
TWO = {name: {"revision": PINS.content_sha256} for name in ("a.tar.gz", "b.tar.gz")}


def with_body(body: bytes) -> RawAnswer:
    return RawAnswer(None, 200, "application/json", body)


def provenance(**changes: Any) -> RawAnswer:
    return raw(envelope(decision(DOCUMENT), provenance={**GOOD["provenance"], **changes}))


REFUSED: dict[str, tuple[str, RawAnswer]] = {
    "no connection": ("no_decision.unreachable", RawAnswer("unreachable", None, "", b"")),
    "too slow": ("no_decision.timeout", RawAnswer("timeout", None, "", b"")),
    "broken off": ("no_decision.incomplete", RawAnswer("incomplete", None, "", b"")),
    "too large": ("no_decision.too_large", RawAnswer("too_large", None, "", b"")),
    "a failure beside a good body": ("no_decision.timeout", RawAnswer("timeout", 200, "application/json", BODY)),
    "no status": ("no_decision.unreachable", RawAnswer(None, None, "application/json", BODY)),
    "301": ("no_decision.redirect", RawAnswer(None, 301, "application/json", BODY)),
    "307": ("no_decision.redirect", RawAnswer(None, 307, "application/json", BODY)),
    "204": ("no_decision.status", RawAnswer(None, 204, "application/json", BODY)),
    "400": ("no_decision.status", RawAnswer(None, 400, "application/json", BODY)),
    "401": ("no_decision.status", RawAnswer(None, 401, "application/json", BODY)),
    "404": ("no_decision.status", RawAnswer(None, 404, "application/json", BODY)),
    "500": ("no_decision.status", RawAnswer(None, 500, "application/json", BODY)),
    "503": ("no_decision.status", RawAnswer(None, 503, "application/json", BODY)),
    "HTML": ("no_decision.not_json", RawAnswer(None, 200, "text/html", BODY)),
    "no content type": ("no_decision.not_json", RawAnswer(None, 200, "", BODY)),
    "two content types": ("no_decision.not_json", RawAnswer(None, 200, "application/json, text/html", BODY)),
    "nothing": ("no_decision.empty", with_body(b"")),
    "truncated": ("no_decision.not_json", with_body(BODY[:-1])),
    "something behind": ("no_decision.not_json", with_body(BODY + b"{}")),
    "a list": ("no_decision.not_json", with_body(b"[" + BODY + b"]")),
    "null": ("no_decision.not_json", with_body(b"null")),
    "not UTF-8": ("no_decision.not_utf8", with_body(b'{"result": "\xff"}')),
    "byte order mark": ("no_decision.byte_order_mark", with_body(b"\xef\xbb\xbf" + BODY)),
    "result twice": ("no_decision.duplicate_key", with_body(BODY[:-1] + b', "result": {}}')),
    "deeper key twice": ("no_decision.duplicate_key", with_body(BODY.replace(b'{"schema"', b'{"step": "x", "schema"'))),
    "NaN": ("no_decision.not_finite", with_body(b'{"result": NaN}')),
    "nested too deeply": ("no_decision.too_deep", with_body(b'{"result": ' + b"[" * 100_000 + b"]" * 100_000 + b"}")),
    "half nested too deeply": ("no_decision.too_deep", with_body(b'{"result": ' + b"[" * 100_000)),
    "a warning": ("no_decision.warning", raw({**GOOD, "warning": {"code": "api_usage_warning"}})),
    "a warning that says nothing": ("no_decision.warning", raw({**GOOD, "warning": None})),
    "undefined": ("no_decision.undefined", raw({})),
    "undefined, with provenance": ("no_decision.undefined", raw({"provenance": GOOD["provenance"]})),
    "another revision": ("no_decision.wrong_bundle", provenance(bundles=OTHER["bundles"])),
    "two bundles": ("no_decision.wrong_bundle", provenance(bundles=TWO)),
    "no bundle": ("no_decision.wrong_bundle", provenance(bundles={})),
    "bundles that are a list": ("no_decision.wrong_bundle", provenance(bundles=[PINS.content_sha256])),
    "a bundle that is a string": ("no_decision.wrong_bundle", provenance(bundles={"b": PINS.content_sha256})),
    "no revision": ("no_decision.wrong_bundle", provenance(bundles={"b": {}})),
    "no provenance": ("no_decision.wrong_bundle", raw({"result": GOOD["result"]})),
    "provenance that is a string": ("no_decision.wrong_bundle", raw({**GOOD, "provenance": "x"})),
    "another OPA": ("no_decision.wrong_opa", provenance(version="1.21.0")),
    "no OPA version": ("no_decision.wrong_opa", provenance(version=None)),
}


@pytest.mark.parametrize("case", REFUSED)
def test_all_but_the_one_shape_is_no_decision(case: str) -> None:
    code, answer = REFUSED[case]
    assert refusal(answer) == code


@pytest.mark.parametrize("content_type", ["application/json", "application/json; charset=utf-8", "Application/JSON"])
def test_json_is_what_says_that_it_is(content_type: str) -> None:
    assert accepted(RawAnswer(None, 200, content_type, BODY)).decision.verdict == "proceed"


def test_members_of_the_envelope_that_mean_nothing_are_let_through() -> None:
    assert accepted(raw({**GOOD, "decision_id": "4ca636c1"})).decision.verdict == "proceed"


@pytest.mark.parametrize(
    "result",
    [
        RESULT,
        RESULT.replace(": ", " \t:\r\n  ").replace(", ", "\n,"),
        RESULT.replace('"params": {}', '"params": {"a": "}\\"{,:[", "b": {"c": [{}, "\\\\"]}, "d": "\\u00e9é\u2028"}'),
    ],
)
def test_the_exact_bytes_of_the_result_are_kept(result: str) -> None:
    body = f' {{ "decision_id" : "x" ,"result":\n{result} , "provenance":{json.dumps(GOOD["provenance"])}}}\n'.encode()
    kept = accepted(with_body(body)).result
    assert kept == result.encode()
    assert sha256_hex(kept) == sha256_hex(result.encode())


def test_a_refusal_says_nothing_of_what_was_answered() -> None:
    planted = json.dumps({**GOOD, "planted-secret": {"a": [1.5, "planted-secret"]}}).encode()
    with pytest.raises(NoDecision) as refused:
        accepted(with_body(planted))
    assert refused.value.code == "no_decision.float"
    assert "1.5" not in str(refused.value)


@pytest.mark.parametrize(
    ("body", "members"),
    [
        (b"{}", {}),
        (b' {\n"a" :1}', {"a": b"1"}),
        (b'{"a":{"b":{"c":"}"}},"d":[[],{}]}', {"a": b'{"b":{"c":"}"}}', "d": b"[[],{}]"}),
        (b'{"a":"\\"{\\\\","b": null }', {"a": b'"\\"{\\\\"', "b": b"null"}),
        (b'{"\\u0061\\"": "\xc3\xa9\\ud83d\\ude00"}', {'a"': b'"\xc3\xa9\\ud83d\\ude00"'}),
        (b'{"a"\t:\r\n -1.50e+3\n,\t"b":true}', {"a": b"-1.50e+3", "b": b"true"}),
        (b'{"":[1 , 2]}', {"": b"[1 , 2]"}),
    ],
)
def test_members_are_cut_out_as_they_were_spelt(body: bytes, members: dict[str, bytes]) -> None:
    assert members_of(body) == members


DEEP = b'{"a":' + b"[" * 100_000
NO_OBJECT = [
    b"",
    b"5",
    b'"a"',
    b"[]",
    b'[{"a": 1}]',
    b"null",
    b"{",
    b'{"a":1,}',
    b'{"a":1}}',
    b'{"a":1,"a":1}',
    b"\xff",
]


@pytest.mark.parametrize("body", [*NO_OBJECT, DEEP, DEEP + b"]" * 100_000 + b"}"])
def test_members_of_anything_else_are_refused(body: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the promise is the class
        members_of(body)


def test_who_serves_is_told_whatever_was_decided() -> None:
    assert served_by(raw(GOOD)) == (PINS.opa_version, PINS.content_sha256)
    assert served_by(raw({"provenance": GOOD["provenance"]})) == (PINS.opa_version, PINS.content_sha256)
    assert served_by(provenance(bundles=TWO)) == (PINS.opa_version, None)
    assert served_by(provenance(bundles={})) == (PINS.opa_version, None)


@pytest.mark.parametrize(
    ("code", "answer"),
    [
        ("no_decision.wrong_opa", raw({})),
        ("no_decision.wrong_opa", raw({"provenance": {"version": 1}})),
        ("no_decision.wrong_opa", raw({"provenance": {"version": ""}})),
        ("no_decision.status", RawAnswer(None, 401, "application/json", BODY)),
        ("no_decision.unreachable", RawAnswer("unreachable", None, "", b"")),
    ],
)
def test_an_opa_that_does_not_say_what_it_is_is_none(code: str, answer: RawAnswer) -> None:
    with pytest.raises(NoDecision) as refused:
        served_by(answer)
    assert refused.value.code == code
