"""The address of an API server may be a name: of no address, of many dead ones, or of a silent name server."""

from __future__ import annotations

import contextlib
import signal
import socket
import ssl
import threading
import time
from pathlib import Path

import pytest
from tests.cluster.faulty_server import answer, certificate, serving
from tests.cluster.test_one_request import CALLS, client
from tests.fakes.names import Names, deaf, tcp

from runbook_gate.cli.signals import Signals
from runbook_gate.wire.giving_up import Interrupted

URL = "https://api.example"
LIMIT_S = 10.0


@pytest.mark.parametrize("method", CALLS)
def test_a_silent_name_server_takes_no_more_than_a_request_may(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    access = client(tmp_path, URL)
    with Names.told(monkeypatch) as names, access.open(0.3) as connection:
        begun = time.monotonic()
        assert CALLS[method](connection).outcome == "refused"
        assert time.monotonic() - begun < LIMIT_S
        assert CALLS[method](connection).outcome == "not_sent"
        assert names.asked.is_set()


def test_a_name_has_no_longer_than_a_connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    access = client(tmp_path, URL)
    monkeypatch.setattr("runbook_gate.cluster.client.CONNECT_S", 0.2)
    with Names.told(monkeypatch), access.open(60) as connection:
        begun = time.monotonic()
        assert connection.read_namespace("payments").outcome == "refused"
        assert time.monotonic() - begun < LIMIT_S


def test_who_stops_the_process_is_heard_while_a_name_server_is_silent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    access = client(tmp_path, URL)
    monkeypatch.setattr("runbook_gate.cluster.client.CONNECT_S", 60.0)

    def stop(names: Names) -> None:
        names.asked.wait(LIMIT_S)
        signal.pthread_kill(threading.get_ident(), signal.SIGTERM)  # it wakes no other thread that waits

    with Names.told(monkeypatch) as names, Signals.heard() as signals:
        stopping = threading.Thread(target=stop, args=(names,))
        stopping.start()
        begun = time.monotonic()
        with pytest.raises(Interrupted), signals.awaiting(), access.open(60) as connection:
            connection.read_namespace("payments")
        assert time.monotonic() - begun < LIMIT_S
        stopping.join()


def test_dead_addresses_take_no_more_than_a_request_may(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    access = client(tmp_path, URL)
    with (
        deaf() as dead,
        Names.told(monkeypatch, api_example=[dead] * 30),
        access.open(0.4) as connection,
    ):
        begun = time.monotonic()
        assert connection.read_namespace("payments").outcome == "refused"
        assert time.monotonic() - begun < LIMIT_S


def test_a_handshake_that_trickles_takes_no_more_than_a_request_may(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The record says that 16 KiB follow; they come one byte at a time."""
    access = client(tmp_path, URL)
    over = threading.Event()

    def trickle() -> None:
        with contextlib.suppress(OSError), listener.accept()[0] as stream:
            stream.sendall(b"\x16\x03\x03\x40\x00")
            while not over.wait(0.05):
                stream.sendall(b"\x02")

    with deaf() as dead, socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(LIMIT_S)
        server = threading.Thread(target=trickle)
        server.start()
        alive = tcp(listener.getsockname()[1])
        with Names.told(monkeypatch, api_example=[dead, alive]), access.open(0.6) as connection:
            begun = time.monotonic()
            assert connection.read_namespace("payments").outcome == "refused"
            assert time.monotonic() - begun < LIMIT_S
        over.set()
        server.join()


def test_an_address_stands_for_the_name_that_was_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context, named = certificate(tmp_path, "api.example"), []

    def told(_: ssl.SSLObject, name: str, __: ssl.SSLContext) -> None:
        named.append(name)

    context.sni_callback = told
    with serving(answer("200 OK"), context) as server, deaf() as dead:
        access = client(tmp_path, f"{URL}:{server.port}", **{"certificate-authority": "ca.crt"})
        with Names.told(monkeypatch, api_example=[dead, tcp(server.port)]), access.open(5) as connection:
            assert connection.read_namespace("payments").status == 200
    assert named == ["api.example"]
    assert f"Host: api.example:{server.port}".encode() in server.requests[0]


def test_a_certificate_of_the_address_is_none_of_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(answer("200 OK"), certificate(tmp_path, "127.0.0.1")) as server:
        access = client(tmp_path, f"{URL}:{server.port}", **{"certificate-authority": "ca.crt"})
        with Names.told(monkeypatch, api_example=[tcp(server.port)]), access.open(5) as connection:
            assert connection.read_namespace("payments").outcome == "refused"
    assert server.requests == []


@pytest.mark.parametrize("name", ["a" * 64, "a..b"])
def test_what_cannot_be_a_name_is_certainly_not_sent(tmp_path: Path, name: str) -> None:
    with client(tmp_path, f"https://{name}").open(5) as connection:
        assert connection.read_namespace("payments").outcome == "refused"
