"""Ports for servers that are yet to start."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from runbook_gate.errors import ServerFault
from runbook_gate.processes import free_port, ports

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

FEW = range(31_800, 31_900)
OTHER_PROCESS = f"""
from runbook_gate.processes import ports
ports._CHOICE.sample = lambda *_: list({FEW!r})
print(*(ports.free_port() for _ in range(50)))
input()
"""


@pytest.fixture
def few_ports(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """So few ports, always tried in the same order, that a second caller meets the first one's choice."""
    claims: dict[int, socket.socket | None] = {}
    monkeypatch.setattr(ports, "_claims", claims)
    monkeypatch.setattr(ports._CHOICE, "sample", lambda _range, _number: list(FEW))
    yield
    for claim in filter(None, claims.values()):
        claim.close()


@pytest.mark.usefixtures("few_ports")
def test_no_port_is_given_twice() -> None:
    given: list[int] = []
    with pytest.raises(ServerFault, match="No port"):
        given.extend(iter(free_port, None))
    assert given
    assert len(given) == len(set(given))


@pytest.mark.skipif(sys.platform != "linux", reason="claims between processes are abstract sockets")
@pytest.mark.usefixtures("few_ports")
def test_no_port_is_given_to_two_processes() -> None:
    command = [sys.executable, "-c", OTHER_PROCESS]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        theirs = {int(port) for port in process.stdout.readline().split()}
        ours = free_port()
        process.communicate("\n")
    assert len(theirs) == 50
    assert ours not in theirs


def test_a_port_is_outside_the_range_of_outgoing_connections() -> None:
    assert 20_000 <= free_port() < 32_000
