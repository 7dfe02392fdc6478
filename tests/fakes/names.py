"""Names and addresses as a test wants them, without a name server."""

from __future__ import annotations

import contextlib
import signal
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from runbook_gate.wire.addresses import Address

LONG_S = 20.0


def tcp(port: int) -> Address:
    """A port of this host, as getaddrinfo has it."""
    return socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("127.0.0.1", port)


class Names:
    """In place of getaddrinfo.

    Attributes:
        known: the addresses of each name; a name server is silent about every other.
        asked: whether it was asked for a name that it is silent about.
    """

    def __init__(self, **known: list[Address]) -> None:
        self.known = {name.replace("_", "."): addresses for name, addresses in known.items()}
        self.asked = threading.Event()
        self._over = threading.Event()

    @classmethod
    @contextlib.contextmanager
    def told(cls, patch: pytest.MonkeyPatch, **known: list[Address]) -> Iterator[Names]:
        """Ask this instead, until the end of the block. A name has `_` for each dot."""
        names = cls(**known)
        with patch.context() as patched:
            patched.setattr(socket, "getaddrinfo", names)
            try:
                yield names
            finally:
                names._over.set()

    def __call__(self, host: str, *_: Any) -> list[Address]:
        if host in self.known:
            return self.known[host]
        # As in C: no handler runs in a thread that waits here.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGALRM})
        self.asked.set()
        self._over.wait(LONG_S)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")


@contextlib.contextmanager
def deaf() -> Iterator[Address]:
    """An address that answers nothing: its queue is full, so the kernel drops whoever comes."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            filling = stack.enter_context(socket.socket())
            filling.setblocking(False)
            filling.connect_ex(listener.getsockname())
        yield tcp(listener.getsockname()[1])
