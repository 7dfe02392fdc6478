"""Ports for servers that are yet to start: no two of them get the same."""

from __future__ import annotations

import random
import socket
import sys

from runbook_gate.errors import ServerFault

_FIRST_PORT, _LAST_PORT = 20_000, 31_999
_CHOICE = random.SystemRandom()
_claims: set[int] = set()


def free_port() -> int:
    """A port on 127.0.0.1 on which nothing listens now, and which no other caller gets while this process lives.

    Chosen below the range from which the kernel gives ports to outgoing connections, so that a server that
    was stopped finds its port still free when it starts again.

    Raises:
        ServerFault: No port is left.
    """
    for port in _CHOICE.sample(range(_FIRST_PORT, _LAST_PORT), 200):
        if _claimed(port) and _unused(port):
            return port
    raise ServerFault("No port between 20000 and 31999 is free on 127.0.0.1.")


def _claimed(port: int) -> bool:
    """Claims a port among this user's processes: between the choice and the server's start nothing listens there.

    The claim is an abstract socket's name (unix(7)): like the port itself it belongs to the network namespace,
    and it goes with the process.
    """
    if port in _claims:
        return False
    if sys.platform == "linux":
        claim = socket.socket(socket.AF_UNIX)
        try:
            claim.bind(f"\0runbook-gate-port-{port}")
        except OSError:
            claim.close()
            return False
        claim.detach()  # it stays open for as long as the process lives
    _claims.add(port)
    return True


def _unused(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
