"""Health and metrics over HTTP: what is said when, and that nobody who asks slowly holds up another."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, Gauge

from runbook_gate.errors import LedgerUnwritable, UsageFault
from runbook_gate.working.health import HUNG_S, STALE_S, Health, Pulse
from runbook_gate.working.listening import CONNECTIONS, listening


class Place:
    """A server on a free port, whose loops and parts a test moves by hand."""

    def __init__(self) -> None:
        self.seconds = 1000.0
        self.pulse = Pulse(self.now)
        self.health = Health(self.pulse, ("store", "policy"), self.now)
        self.registry = CollectorRegistry()
        self.port = 0

    def now(self) -> float:
        return self.seconds

    def ask(self, path: str, method: str = "GET", body: bytes | None = None) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def told(self, path: str) -> tuple[int, Any]:
        status, body = self.ask(path)
        return status, json.loads(body)


@pytest.fixture
def place() -> Iterator[Place]:
    made = Place()
    with listening(("127.0.0.1", 0), made.health, made.registry) as made.port:
        yield made


def test_a_loop_that_does_not_move_any_more_is_named(place: Place) -> None:
    place.pulse.begin("worker-1")
    place.pulse.begin("worker-2")
    place.seconds += HUNG_S
    assert place.told("/healthz")[0] == 200
    place.pulse.begin("worker-2")
    place.seconds += 1
    assert place.told("/healthz") == (
        503,
        {"healthy": False, "hung": ["worker-1"], "still_s": {"worker-1": HUNG_S + 1, "worker-2": 1.0}},
    )


def test_nothing_is_ready_before_every_part_was_looked_at(place: Place) -> None:
    place.health.looked("store", None)
    assert place.told("/readyz") == (503, {"ready": False, "problems": {"policy": "not looked at yet"}})
    place.health.looked("policy", None)
    assert place.told("/readyz") == (200, {"ready": True, "problems": {}})


def test_readiness_says_what_is_wrong_and_comes_back(place: Place) -> None:
    place.health.looked("policy", None)
    place.health.looked("store", LedgerUnwritable("the server does not answer"))
    assert place.told("/readyz") == (503, {"ready": False, "problems": {"store": "the server does not answer"}})
    place.health.looked("store", ValueError("a text that nobody may see"))
    assert place.told("/readyz")[1]["problems"] == {"store": "unexpected ValueError"}
    place.health.looked("store", None)
    place.health.failing(LedgerUnwritable("the disk is full"))
    assert list(place.told("/readyz")[1]["problems"].values()) == ["the disk is full"]
    place.health.going()
    assert place.told("/readyz")[0] == 200


def test_a_look_that_is_too_old_says_nothing(place: Place) -> None:
    place.health.looked("policy", None)
    place.health.looked("store", None)
    place.seconds += STALE_S + 1
    assert set(place.told("/readyz")[1]["problems"]) == {"store", "policy"}


def test_who_drains_is_healthy_and_not_ready(place: Place) -> None:
    place.health.looked("policy", None)
    place.health.looked("store", None)
    place.health.drain()
    assert place.told("/healthz")[0] == 200
    assert place.told("/readyz")[0] == 503


def test_the_metrics_are_those_that_were_handed_in(place: Place) -> None:
    Gauge("handed_in", "A figure.", registry=place.registry).set(3)
    status, body = place.ask("/metrics")
    assert (status, b"handed_in 3.0" in body) == (200, True)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS", "TRACE"])
def test_only_get_is_answered(place: Place, method: str) -> None:
    assert place.ask("/metrics", method) == (405, b"")


@pytest.mark.parametrize("path", ["/", "/metrics/", "/healthz/..", "/%2e%2e/metrics"])
def test_nothing_else_is_there(place: Place, path: str) -> None:
    assert place.ask(path)[0] == 404


def test_slow_clients_hold_up_nobody_for_long(place: Place) -> None:
    """They take every connection there is; each is cut when its time is over, also one that goes on sending."""
    with ExitStack() as stack:
        slow = [stack.enter_context(socket.create_connection(("127.0.0.1", place.port))) for _ in range(CONNECTIONS)]
        for one in slow:
            one.sendall(b"GET /healthz HTTP/1.1\r\nX: ")
        with pytest.raises((http.client.HTTPException, OSError)):
            place.ask("/healthz")
        for one in slow:
            one.settimeout(60)
            with suppress(ConnectionError):
                while one.recv(1024):
                    pass
        assert place.ask("/healthz")[0] == 200


def test_a_place_that_is_taken_is_said(place: Place) -> None:
    with (
        pytest.raises(UsageFault, match=f"127.0.0.1:{place.port}"),
        listening(("127.0.0.1", place.port), place.health, place.registry),
    ):
        pass
