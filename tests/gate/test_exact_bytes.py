"""What is sent and what is kept are the very bytes, and the ledger's digests are over them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.core.questions import DOCUMENT
from tests.fakes.gate import PINS, Asked, decision, envelope, well, whole
from tests.gate.conftest import Connect, Serve

from runbook_gate.canonical import gate_bytes, sha256_hex
from runbook_gate.core.acceptance import Accepted
from runbook_gate.gate.client import PARAMETERS, PATH

HOSTILE = {
    **DOCUMENT,
    "sent": ["<script>&amp;</script>", "\u2028\u2029", '"}{\\', "é\U0001f600", "\x00\x7f", 2**53 - 1],
}


def spaced(asked: Asked) -> Iterator[bytes]:
    """A good answer, spelt unusually."""
    document = envelope(decision(asked.document))
    yield whole(json.dumps(document, indent=3, separators=("\t,", " :\r\n")).encode())


@pytest.mark.parametrize("document", [DOCUMENT, HOSTILE], ids=["plain", "hostile"])
def test_the_request_is_the_canonical_input_and_nothing_else(
    serve: Serve, connect: Connect, document: dict[str, object]
) -> None:
    server = serve(well)
    exchange = connect(server.address).ask(document, PINS)
    (asked,) = server.asked
    assert asked.body == exchange.sent == b'{"input":' + gate_bytes(document) + b"}"
    assert asked.headers["content-length"] == str(len(asked.body))
    assert asked.headers["content-type"] == "application/json"
    assert asked.headers["accept-encoding"] == "identity"
    assert asked.headers.keys() == {
        *("host", "user-agent", "accept", "accept-encoding", "connection", "content-type", "content-length")
    }
    assert isinstance(exchange.outcome, Accepted)


def test_the_request_line_is_the_one_that_is_recorded(serve: Serve, connect: Connect) -> None:
    server = serve(well)
    request = connect(server.address).ask(DOCUMENT, PINS).request
    method, target, version = server.asked[0].line.split()
    assert (method, urlsplit(target).path, version) == ("POST", PATH, "HTTP/1.1")
    assert (request.path, request.query) == (PATH, urlsplit(target).query)
    assert parse_qs(request.query) == {name: [value] for name, value in PARAMETERS.items()}


def test_the_digests_are_over_the_exact_bytes(serve: Serve, connect: Connect) -> None:
    server = serve(spaced)
    exchange = connect(server.address).ask(HOSTILE, PINS)
    assert exchange.received is not None
    assert b"\t,\n" in exchange.received
    assert isinstance(exchange.outcome, Accepted)
    assert exchange.outcome.result in exchange.received
    assert json.loads(exchange.outcome.result) == decision(HOSTILE)
    assert exchange.request.body_sha256 == sha256_hex(server.asked[0].body)
    assert exchange.request.input_sha256 == sha256_hex(server.asked[0].body[len(b'{"input":') : -1])
    assert exchange.answer.status == 200
    assert exchange.answer.body_sha256 == sha256_hex(exchange.received)
    assert exchange.answer.result_sha256 == sha256_hex(exchange.outcome.result)


def test_a_refused_answer_is_kept_as_it_came(serve: Serve, connect: Connect) -> None:
    server = serve(lambda _: [whole(b"\xff<html>", status="500 Oops", content_type="text/html")])
    exchange = connect(server.address).ask(DOCUMENT, PINS)
    assert exchange.received == b"\xff<html>"
    assert exchange.answer.model_dump() == {
        "status": 500,
        "body_sha256": sha256_hex(b"\xff<html>"),
        "result_sha256": None,
    }


def test_an_answer_in_chunks_is_put_together(serve: Serve, connect: Connect) -> None:
    body = json.dumps(envelope(decision(DOCUMENT))).encode()
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    pieces = [body[at : at + 7] for at in range(0, len(body), 7)]
    server = serve(lambda _: [head, *(b"%x\r\n%s\r\n" % (len(each), each) for each in pieces), b"0\r\n\r\n"])
    exchange = connect(server.address).ask(DOCUMENT, PINS)
    assert isinstance(exchange.outcome, Accepted)
    assert exchange.received == body


def test_one_connection_carries_many_questions(serve: Serve, connect: Connect) -> None:
    server = serve(well)
    gate = connect(server.address)
    for _ in range(5):
        assert isinstance(gate.ask(DOCUMENT, PINS).outcome, Accepted)
    assert (len(server.asked), server.connections) == (5, 1)


def test_a_cookie_is_not_kept(serve: Serve, connect: Connect) -> None:
    body = json.dumps(envelope(decision(DOCUMENT))).encode()
    server = serve(lambda _: [whole(body, "Set-Cookie: planted=1; Path=/")])
    gate = connect(server.address)
    gate.ask(DOCUMENT, PINS)
    gate.ask(DOCUMENT, PINS)
    assert "cookie" not in server.asked[1].headers
