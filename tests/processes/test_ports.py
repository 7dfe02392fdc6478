"""Ports for servers that are yet to start."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys

import pytest

from runbook_gate.errors import ServerFault
from runbook_gate.processes import free_port, ports

OTHER_PROCESS = """
import sys
from runbook_gate.processes import ports
ports._CHOICE.sample = lambda *_: list(range(*map(int, sys.argv[1:])))
print(*(ports.free_port() for _ in range(50)))
input()
"""
BLOCKS = itertools.count(os.getpid())


@pytest.fixture
def few_ports(monkeypatch: pytest.MonkeyPatch) -> range:
    """So few ports, always tried in the same order, that a second caller meets the first one's choice."""
    first = 20_000 + next(BLOCKS) % 118 * 100
    few = range(first, first + 100)
    monkeypatch.setattr(ports._CHOICE, "sample", lambda _range, _number: list(few))
    return few


@pytest.mark.skipif(sys.platform != "linux", reason="claims between processes are abstract sockets")
def test_no_port_is_given_to_two_processes(few_ports: range) -> None:
    command = [sys.executable, "-c", OTHER_PROCESS, str(few_ports.start), str(few_ports.stop)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        theirs = {int(port) for port in process.stdout.readline().split()}
        ours = free_port()
        process.communicate("\n")
    assert len(theirs) == 50
    assert ours not in theirs


def test_no_port_is_given_twice(few_ports: range) -> None:
    given: list[int] = []
    with pytest.raises(ServerFault, match="No port"):
        given.extend(free_port() for _ in range(1000))
    assert 0 < len(given) <= len(few_ports)
    assert len(given) == len(set(given))


def test_a_port_is_outside_the_range_of_outgoing_connections() -> None:
    assert 20_000 <= free_port() < 32_000
