"""A real OPA behind the sidecar: what it answers, to whom, and how it fails."""

from __future__ import annotations

import http.client
import json
import socket
from pathlib import Path
from typing import Any

import pytest
from tests.core.questions import DOCUMENT
from tests.fakes.gate import PINS
from tests.gate.conftest import Connect

from runbook_gate.canonical import gate_bytes, sha256_hex
from runbook_gate.core.acceptance import Accepted
from runbook_gate.errors import NoDecision
from runbook_gate.gate.bundle import Bundle
from runbook_gate.gate.client import Exchange, OpaGate
from runbook_gate.gate.sidecar import Sidecar
from runbook_gate.models.runbook import Pins

HOSTILE = [
    "<script>&amp;</script>",
    "\u2028 \u2029",
    '"}\\{\\u003c',
    "é \U0001f600 \ufffd \ufeff",
    "\x00\x01\b\f\n\r\t\x1f\x7f\x80",
    {"<key>&": [2**53 - 1, -(2**53 - 1), 0, True, None, {}, []]},
    {"b": 1, "a": 2, "B": 3, "_": 4, "": 5},
]


@pytest.fixture
def pins(bundle: Bundle, opa_stated_version: str) -> Pins:
    return PINS.model_copy(update={"content_sha256": bundle.content_sha256, "opa_version": opa_stated_version})


@pytest.fixture
def gate(shared_sidecar: Sidecar, connect: Connect) -> OpaGate:
    return connect(shared_sidecar.address)


def code(exchange: Exchange) -> str:
    assert isinstance(exchange.outcome, NoDecision)
    return exchange.outcome.code


def request(sidecar: Sidecar, method: str, target: str, body: bytes = b"") -> tuple[int, Any]:
    """One request past the client."""
    connection = http.client.HTTPConnection("localhost", timeout=5)
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.connect(str(sidecar.address.socket))
    try:
        connection.request(method, target, body)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read() or b"{}")
    finally:
        connection.close()


def test_a_question_is_answered(gate: OpaGate, pins: Pins) -> None:
    exchange = gate.ask(DOCUMENT, pins)
    assert isinstance(exchange.outcome, Accepted)
    assert exchange.outcome.decision.ledger_head == DOCUMENT["ledger_head"]
    assert exchange.answer.result_sha256 == sha256_hex(exchange.outcome.result)
    assert exchange.outcome.result in (exchange.received or b"")


def test_it_says_what_it_is(gate: OpaGate, pins: Pins) -> None:
    assert gate.revision() == (pins.opa_version, pins.content_sha256)


@pytest.mark.parametrize("sent", HOSTILE, ids=repr)
def test_rego_computes_the_digest_of_the_bytes_that_were_sent(gate: OpaGate, pins: Pins, sent: object) -> None:
    document = {**DOCUMENT, "sent": sent}
    outcome = gate.ask(document, pins).outcome
    assert isinstance(outcome, Accepted)
    assert outcome.decision.input_sha256 == sha256_hex(gate_bytes(document))
    assert outcome.decision.next.params == {"seen": sent}


def test_a_long_answer_comes_as_it_is(gate: OpaGate, pins: Pins) -> None:
    document = {**DOCUMENT, "sent": ["x" * 1000] * 500}  # OPA would compress it for a client that lets it
    outcome = gate.ask(document, pins).outcome
    assert isinstance(outcome, Accepted)
    assert outcome.decision.next.params == {"seen": document["sent"]}


def test_a_decision_on_a_step_that_is_no_string_is_no_decision(gate: OpaGate, pins: Pins) -> None:
    assert code(gate.ask({**DOCUMENT, "step": 7}, pins)) == "no_decision.invalid"


@pytest.mark.parametrize(
    ("change", "expected"),
    [({"content_sha256": "f" * 64}, "no_decision.wrong_bundle"), ({"opa_version": "0.1.0"}, "no_decision.wrong_opa")],
)
def test_another_policy_than_the_pinned_one_is_no_decision(
    gate: OpaGate, pins: Pins, change: dict[str, str], expected: str
) -> None:
    assert code(gate.ask(DOCUMENT, pins.model_copy(update=change))) == expected


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", "/"),
        ("GET", "/v1/data"),
        ("GET", "/v1/data/gate/decision"),
        ("POST", "/v1/data"),
        ("POST", "/v1/data/gate"),
        ("POST", "/v1/data/gate/decision/next"),
        ("POST", "/v1/data/runbooks"),
        ("POST", "/v0/data/gate/decision"),
        ("POST", "/v1/query"),
        ("POST", "/v1/compile"),
        ("PUT", "/v1/data/gate"),
        ("PATCH", "/v1/data/gate"),
        ("DELETE", "/v1/data/gate"),
        ("GET", "/v1/policies"),
        ("PUT", "/v1/policies/gate"),
        ("DELETE", "/v1/policies/gate"),
        ("GET", "/v1/config"),
        ("GET", "/v1/status"),
        ("GET", "/metrics"),
        ("GET", "/debug/pprof"),
        ("POST", "/health"),
    ],
)
def test_the_api_lets_nothing_else_through(shared_sidecar: Sidecar, method: str, target: str) -> None:
    status, _ = request(shared_sidecar, method, target, b'{"input": {}}')
    assert status in {401, 403}


def test_the_api_lets_the_question_and_health_through(shared_sidecar: Sidecar) -> None:
    assert request(shared_sidecar, "GET", "/health?bundles") == (200, {})
    status, answer = request(shared_sidecar, "POST", "/v1/data/gate/decision", b'{"input": {"step": "x"}}')
    assert (status, answer["result"]["verdict"]) == (200, "proceed")


def test_the_socket_is_private_and_the_environment_empty(
    bundle: Bundle, opa_binary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "TZ", "OPA_SERVER", "AWS_SECRET_ACCESS_KEY", "GODEBUG"):
        monkeypatch.setenv(name, "planted")
    with Sidecar(opa_binary, bundle) as sidecar:
        folder = Path(str(sidecar.address.socket)).parent
        assert folder.stat().st_mode & 0o777 == 0o700
        assert Path(str(sidecar.address.socket)).stat().st_mode & 0o777 == 0o700
        environment = Path(f"/proc/{sidecar.process.pid}/environ").read_bytes()
        assert environment == b""
        assert sidecar.binary_sha256 == sha256_hex(opa_binary.read_bytes())
