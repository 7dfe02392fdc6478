"""Neither a name server nor an address that is silent takes more than its time, or the time of another."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest
from tests.fakes.names import Names, deaf, tcp

from runbook_gate.wire.addresses import Address, connect, resolve

FEW_S = 0.3
LIMIT_S = 10.0


@pytest.fixture
def dead() -> Iterator[Address]:
    with deaf() as address:
        yield address


def refusing() -> Address:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        return tcp(unused.getsockname()[1])


def test_a_silent_name_server_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    with Names.told(monkeypatch) as names:
        begun = time.monotonic()
        with pytest.raises(TimeoutError):
            resolve("api.example", 443, FEW_S)
        assert time.monotonic() - begun < LIMIT_S
        assert names.asked.is_set()


@pytest.mark.parametrize("fault", [socket.gaierror(socket.EAI_NONAME, "unknown"), UnicodeError("too long")])
def test_a_fault_of_the_name_is_raised_where_it_is_awaited(monkeypatch: pytest.MonkeyPatch, fault: Exception) -> None:
    def fails(*_: object) -> None:
        raise fault

    monkeypatch.setattr(socket, "getaddrinfo", fails)
    with pytest.raises(type(fault)) as raised:
        resolve("api.example", 443, LIMIT_S)
    assert raised.value is fault


def test_an_address_is_its_own_name() -> None:
    (address,) = resolve("127.0.0.1", 443, LIMIT_S)
    assert address == tcp(443)


def test_dead_addresses_have_one_time_for_all(dead: Address) -> None:
    begun = time.monotonic()
    with pytest.raises(TimeoutError):
        connect([dead] * 40, FEW_S)
    assert time.monotonic() - begun < LIMIT_S


def test_a_dead_address_leaves_time_for_the_next(dead: Address) -> None:
    with socket.create_server(("127.0.0.1", 0)) as alive:
        port = alive.getsockname()[1]
        with connect([dead, refusing(), tcp(port)], 10 * FEW_S) as made:
            assert made.getpeername() == ("127.0.0.1", port)


def test_the_last_fault_is_told() -> None:
    with pytest.raises(ConnectionRefusedError):
        connect([refusing(), refusing()], LIMIT_S)
    with pytest.raises(OSError, match="no address"):
        connect([], LIMIT_S)
