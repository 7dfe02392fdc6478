"""Connections that know how far a request got and that end at a deadline.

urllib3's timeouts hold for each read: a server that sends one byte a second never meets them. A timer shuts
the socket down. And urllib3 tells a failed connect from a failed request by its exceptions; here it is seen.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection

from runbook_gate.cluster.outcomes import NotSentError


class Wire:
    """The request that is under way on one connection.

    Attributes:
        sent: whether sending began.
        expired: whether the deadline ended it.
    """

    def __init__(self) -> None:
        self.sent = False
        self.expired = False
        self._may_send: Callable[[], bool] = lambda: True
        self._handle: socket.socket | None = None

    @contextlib.contextmanager
    def request(self, seconds: float, may_send: Callable[[], bool]) -> Iterator[None]:
        """One request: at most `seconds` long, sent only if `may_send` says so once the connection stands."""
        self.sent = self.expired = False
        self._may_send = may_send
        timer = threading.Timer(seconds, self._expire)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()

    def connected(self, sock: socket.socket) -> None:
        """Keep a handle on a new connection that stays good when TLS takes the socket over."""
        self.close()
        self._handle = sock.dup()

    def before_send(self) -> None:
        """The last moment before the first byte.

        Raises:
            NotSentError: it is too late.
        """
        if self.expired or not self._may_send():
            raise NotSentError
        self.sent = True

    def after_answer(self) -> None:
        """The last moment of the answer: one that the timer cut looks whole if it broke off in its head.

        Raises:
            TimeoutError: it was cut.
        """
        if self.expired:
            raise TimeoutError

    def close(self) -> None:
        """Let the handle go."""
        if self._handle is not None:
            self._handle.close()
            self._handle = None

    def _expire(self) -> None:
        self.expired = True
        with contextlib.suppress(OSError, AttributeError):
            self._handle.shutdown(socket.SHUT_RDWR)  # type: ignore[union-attr]


class _Watched(HTTPConnection):
    wire: ClassVar[Wire]

    def _new_conn(self) -> socket.socket:
        sock = super()._new_conn()
        self.wire.connected(sock)
        return sock

    def request(self, *args: Any, **kwargs: Any) -> None:
        if self.sock is None:
            self.connect()
        self.wire.before_send()
        super().request(*args, **kwargs)


class _WatchedTls(_Watched, HTTPSConnection):
    pass


def watch(manager: PoolManager, wire: Wire) -> None:
    """Make every connection of a pool manager report to `wire`."""
    plain = type("WatchedConnection", (_Watched,), {"wire": wire})
    tls = type("WatchedTlsConnection", (_WatchedTls,), {"wire": wire})
    manager.pool_classes_by_scheme = {
        "http": type("WatchedPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
        "https": type("WatchedTlsPool", (HTTPSConnectionPool,), {"ConnectionCls": tls}),
    }
