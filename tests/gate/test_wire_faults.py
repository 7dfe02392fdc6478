"""A gate that misbehaves on the wire gives no decision, in time, after one request."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from tests.core.questions import DOCUMENT
from tests.fakes.gate import PINS, Reply, ScriptedGate, always, decision, envelope, well, whole
from tests.gate.conftest import Connect, Serve

from runbook_gate.core.acceptance import LARGEST_ANSWER, Accepted
from runbook_gate.errors import NoDecision, SidecarFault
from runbook_gate.gate.client import Address, Exchange, OpaGate
from runbook_gate.processes import free_port

GOOD = json.dumps(envelope(decision(DOCUMENT))).encode()
HEAD, BODY = whole(GOOD).split(b"\r\n\r\n")
TIMEOUT_S = 0.6


def code(exchange: Exchange) -> str:
    assert isinstance(exchange.outcome, NoDecision)
    return exchange.outcome.code


def slowly(data: bytes) -> tuple[bytes | float, ...]:
    """One byte every 100 ms: no single wait is long."""
    return tuple(step for byte in data for step in (bytes([byte]), 0.1))


CHUNKED = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"


def chunked(*parts: bytes) -> bytes:
    return CHUNKED + b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts)


LATE: dict[str, Reply] = {
    "no answer": always(60.0),
    "slow header": always(*slowly(HEAD)),
    "slow body": always(HEAD + b"\r\n\r\n", *slowly(BODY)),
    "body that stops": always(HEAD + b"\r\n\r\n" + BODY[:10], 60.0),
    "slow chunks": always(CHUNKED, *(b"1\r\n \r\n", 0.1) * 50),
    "body without end": always(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n", *(b" ", 0.1) * 50),
}


@pytest.mark.parametrize("fault", LATE)
def test_the_deadline_holds_for_the_whole_answer(serve: Serve, connect: Connect, fault: str) -> None:
    server = serve(LATE[fault])
    began = time.monotonic()
    exchange = connect(server.address, TIMEOUT_S).ask(DOCUMENT, PINS)
    assert time.monotonic() - began < TIMEOUT_S + 1
    assert code(exchange) == "no_decision.timeout"
    assert (exchange.received, exchange.answer.status, exchange.answer.body_sha256) == (None, None, None)
    assert len(server.asked) == 1


FAULTS: dict[str, tuple[str, Reply]] = {
    "hangs up": ("unreachable", always(None)),
    "hangs up within the status": ("unreachable", always(b"HTTP/1.1 2", None)),
    "no HTTP": ("unreachable", always(b"hello there\r\n\r\n", None)),
    "an endless header": ("unreachable", always(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000, None)),
    "too many headers": ("unreachable", always(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n", None)),
    "two lengths": ("unreachable", always(whole(GOOD, "Content-Length: 7"), None)),
    "hangs up within the body": ("incomplete", always(HEAD + b"\r\n\r\n" + BODY[:10], None)),
    "hangs up within a chunk": ("incomplete", always(chunked(BODY[:10])[:-5], None)),
    "hangs up after a chunk": ("incomplete", always(chunked(BODY), None)),
    "a chunk of no size": ("incomplete", always(CHUNKED + b"zz\r\n", None)),
    "too large, honestly": ("too_large", always(whole(b" " * (LARGEST_ANSWER + 1)))),
    "too large, in chunks": ("too_large", always(chunked(*[b" " * 65536] * (LARGEST_ANSWER // 65536 + 1)))),
    "too large, without end": ("too_large", always(b"HTTP/1.1 200 OK\r\n\r\n", *[b" " * 65536] * 70, 60.0)),
    "500": ("status", always(whole(b'{"code": "internal_error"}', status="500 Internal Server Error"))),
    "503 with a good body": ("status", always(whole(GOOD, status="503 Service Unavailable"))),
    "429 that asks for another try": ("status", always(whole(b"{}", "Retry-After: 0", status="429 Slow"))),
    "401": ("status", always(whole(b"{}", "WWW-Authenticate: Basic", status="401 Unauthorized"))),
    "304": ("redirect", always(b"HTTP/1.1 304 Not Modified\r\n\r\n")),
    "compressed": ("not_utf8", always(whole(b"\x1f\x8b\x08" + b"\xff" * 20, "Content-Encoding: gzip"))),
    "nested too deeply": ("too_deep", always(whole(b'{"result": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"))),
    "HTML": ("not_json", always(whole(b"<html>", content_type="text/html"))),
    "undefined": ("undefined", always(whole(b"{}"))),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_answer_is_no_decision_and_nothing_is_asked_twice(serve: Serve, connect: Connect, fault: str) -> None:
    expected, reply = FAULTS[fault]
    server = serve(reply)
    assert code(connect(server.address).ask(DOCUMENT, PINS)) == f"no_decision.{expected}"
    assert len(server.asked) == 1


@pytest.mark.parametrize("fault", ["hangs up", "hangs up within the body", "too large, honestly", "500", "304"])
def test_the_next_question_is_answered_after_a_fault(serve: Serve, connect: Connect, fault: str) -> None:
    server = serve(FAULTS[fault][1])
    gate = connect(server.address)
    gate.ask(DOCUMENT, PINS)
    server.reply = well
    assert isinstance(gate.ask(DOCUMENT, PINS).outcome, Accepted)
    assert len(server.asked) == 2


def test_the_next_question_is_answered_after_a_timeout(serve: Serve, connect: Connect) -> None:
    server = serve(always(60.0))
    gate = connect(server.address, TIMEOUT_S)
    assert code(gate.ask(DOCUMENT, PINS)) == "no_decision.timeout"
    server.reply = well
    assert isinstance(gate.ask(DOCUMENT, PINS).outcome, Accepted)


def test_nobody_listens(connect: Connect, short_folder: Path) -> None:
    with ScriptedGate(well, short_folder / "left.sock"):
        pass  # its socket stays behind as a file
    for address in (
        Address(url=f"http://127.0.0.1:{free_port()}"),
        Address(socket=str(short_folder / "left.sock")),
        Address(socket=str(short_folder / "none.sock")),
        Address(socket=str(short_folder)),
        Address(socket="/" + "x" * 200),
    ):
        gate: OpaGate = connect(address)
        assert code(gate.ask(DOCUMENT, PINS)) == "no_decision.unreachable"
        with pytest.raises(SidecarFault, match="no answer: unreachable"):
            gate.revision()


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
def test_a_redirect_is_not_followed(serve: Serve, connect: Connect, status: str) -> None:
    with ScriptedGate(well) as other:
        server = serve(always(whole(b"", f"Location: {other.url}/v1/data/gate/decision", status=status)))
        exchange = connect(server.address).ask(DOCUMENT, PINS)
        assert code(exchange) == "no_decision.redirect"
        assert exchange.answer.status == int(status[:3])
        assert (len(server.asked), len(other.asked)) == (1, 0)


def test_a_redirect_to_itself_and_one_that_is_no_address_are_not_followed(serve: Serve, connect: Connect) -> None:
    server = serve(always(whole(b"", "Location: /v1/data/gate/decision", status="307 Temporary")))
    gate = connect(server.address)
    assert code(gate.ask(DOCUMENT, PINS)) == "no_decision.redirect"
    server.reply = always(whole(b"").replace(b"200 OK\r\n", b"301 Moved\r\nLocation: \xff\xfe://[\r\n"))
    assert code(gate.ask(DOCUMENT, PINS)) == "no_decision.redirect"
    assert len(server.asked) == 2
