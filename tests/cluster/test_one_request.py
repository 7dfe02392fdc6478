"""One call is one request, whatever the network and the server do; and every failure is an outcome in time."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.cluster import faulty_server as faulty
from tests.cluster.faulty_server import Behaviour, answer, serving, then_close

from runbook_gate.clock import SystemClock
from runbook_gate.cluster.client import MAX_BODY, ClusterClient, Endpoint
from runbook_gate.cluster.projection import namespace_read
from runbook_gate.cluster.protocol import Connection, Exchange, LabelPatch

PATCH = LabelPatch("payments", "u", "7", {"a": None, "b": "x"}, "rbgate.01kq3v.1")
CALLS: dict[str, Callable[[Connection], Exchange]] = {
    "GET": lambda connection: connection.read_namespace("payments"),
    "PATCH": lambda connection: connection.patch_namespace(PATCH, dry_run=False, audit_id="ab" * 32),
    "POST": lambda connection: connection.create("pods", "payments", {"kind": "Pod"}, audit_id="a1"),
}
RETRY = "Retry-After: 0"
FAULTS: dict[str, tuple[Behaviour, str, int | None]] = {
    "closed": (then_close(faulty.nothing), "lost", None),
    "reset": (faulty.reset, "lost", None),
    "not HTTP": (then_close(lambda stream: stream.sendall(b"\x00\x01\x02\r\n\r\n")), "lost", None),
    "half a head": (then_close(lambda stream: stream.sendall(b"HTTP/1.1 200 OK\r\nDate:")), "lost", None),
    "half a body": (then_close(answer("200 OK", length=1000)), "lost", None),
    "no length": (then_close(lambda stream: stream.sendall(b"HTTP/1.1 200 OK\r\n\r\n{}")), "lost", None),
    "429": (answer("429 Too Many Requests", b"Too many requests, please try again later.", RETRY), "answered", 429),
    "500": (answer("500 Internal Server Error", b"{}"), "answered", 500),
    "503": (answer("503 Service Unavailable", b"", RETRY), "answered", 503),
    "504": (answer("504 Gateway Timeout", b"{}"), "answered", 504),
    "301": (answer("301 Moved Permanently", b"", "Location: /elsewhere"), "answered", 301),
    "307": (answer("307 Temporary Redirect", b"", "Location: /elsewhere"), "answered", 307),
    "308": (answer("308 Permanent Redirect", b"", "Location: /elsewhere"), "answered", 308),
    "401": (answer("401 Unauthorized", b"{}"), "answered", 401),
    "silence": (faulty.nothing, "timed_out", None),
    "slow head": (faulty.trickle(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000), "timed_out", None),
    "slow body": (faulty.trickle(b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n" + b" " * 9000), "timed_out", None),
}


def client(tmp_path: Path, url: str, **cluster: object) -> ClusterClient:
    return ClusterClient(faulty.kubeconfig(tmp_path, url, **cluster), None, Endpoint("api-1"), SystemClock())


@pytest.mark.parametrize("method", CALLS)
@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_leads_to_one_request(tmp_path: Path, fault: str, method: str) -> None:
    behaviour, outcome, status = FAULTS[fault]
    with serving(behaviour) as server:
        begun = time.monotonic()
        with client(tmp_path, f"http://127.0.0.1:{server.port}").open(0.6) as connection:
            exchange = CALLS[method](connection)
        assert time.monotonic() - begun < 1.5
        time.sleep(0.05)
    assert (exchange.outcome, exchange.status) == (outcome, status)
    assert [request.split()[0] for request in server.requests] == [method.encode()]


def test_a_refused_connection_is_certainly_not_sent(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    with client(tmp_path, f"http://127.0.0.1:{port}").open(2) as connection:
        assert [call(connection).outcome for call in CALLS.values()] == ["refused"] * 3


def test_a_name_that_does_not_resolve_is_certainly_not_sent(tmp_path: Path) -> None:
    with client(tmp_path, "https://nowhere.invalid").open(5) as connection:
        assert connection.read_namespace("payments").outcome == "refused"


def test_what_is_sent(tmp_path: Path) -> None:
    with serving(answer("200 OK")) as server, client(tmp_path, f"http://127.0.0.1:{server.port}").open(2) as connection:
        for call in CALLS.values():
            assert call(connection).status == 200
    get, patch, post = server.requests
    assert get.startswith(b"GET /api/v1/namespaces/payments?timeout=10s HTTP/1.1")
    assert (
        b"PATCH /api/v1/namespaces/payments?timeout=10s&fieldManager=rbgate.01kq3v.1&fieldValidation=Strict " in patch
    )
    assert b"Content-Type: application/merge-patch+json" in patch
    assert b"Audit-ID: " + b"ab" * 32 in patch
    body = b'{"metadata": {"uid": "u", "resourceVersion": "7", "labels": {"a": null, "b": "x"}}}'
    assert patch.endswith(body)
    assert b"POST /api/v1/namespaces/payments/pods?timeout=10s&fieldManager=rbgate-probe&dryRun=All " in post
    assert all(b"authorization: Bearer planted-token" in request for request in server.requests)


def test_an_endless_answer_is_cut(tmp_path: Path) -> None:
    endless = answer("200 OK", b" " * (MAX_BODY + 1))
    with serving(endless) as server, client(tmp_path, f"http://127.0.0.1:{server.port}").open(10) as connection:
        exchange = connection.read_namespace("payments")
    assert (exchange.outcome, exchange.status, exchange.body) == ("answered", 200, b"")
    assert namespace_read(exchange, ()).object is None


def test_an_expired_allowance_sends_nothing(tmp_path: Path) -> None:
    with serving(answer("200 OK")) as server, client(tmp_path, f"http://127.0.0.1:{server.port}").open(0) as connection:
        assert connection.read_namespace("payments").outcome == "not_sent"
    assert server.requests == []


def test_proxies_of_the_environment_are_ignored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with serving(answer("200 OK")) as server, client(tmp_path, f"http://127.0.0.1:{server.port}").open(2) as connection:
        assert connection.read_namespace("payments").status == 200


def test_a_listed_endpoint_is_the_one_that_is_asked(tmp_path: Path) -> None:
    with serving(answer("200 OK")) as server, serving(answer("200 OK")) as other:
        access = faulty.kubeconfig(tmp_path, f"http://127.0.0.1:{server.port}")
        listed = ClusterClient(access, None, Endpoint("api-2", f"http://127.0.0.1:{other.port}"), SystemClock())
        with listed.open(2) as connection:
            for call in CALLS.values():
                assert (call(connection).endpoint, call(connection).status) == ("api-2", 200)
    assert (len(server.requests), len(other.requests)) == (0, 6)


def test_each_opening_is_a_new_connection(tmp_path: Path) -> None:
    ports = []
    behaviour = answer("200 OK")

    def seen(stream: socket.socket) -> None:
        ports.append(stream.getpeername()[1])
        behaviour(stream)

    with serving(seen) as server:
        cluster = client(tmp_path, f"http://127.0.0.1:{server.port}")
        for _ in range(2):
            with cluster.open(2) as connection:
                connection.read_namespace("payments")
                connection.read_namespace("payments")
    assert (len(ports), len(set(ports))) == (4, 2)
