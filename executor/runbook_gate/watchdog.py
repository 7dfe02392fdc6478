"""Connections that end when the time for a request is up, and connections to a unix socket.

urllib3's timeouts hold for each read, so a server that sends one byte a second never meets them: here a timer
shuts the socket down.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Any, ClassVar

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection


class Watchdog:
    """Ends one request after the other when its time is up, however slowly bytes still come.

    Attributes:
        expired: whether it ended the request.
    """

    def __init__(self) -> None:
        self.expired = False
        self._handle: socket.socket | None = None

    @contextlib.contextmanager
    def watching(self, seconds: float) -> Iterator[None]:
        """One request, at most `seconds` long."""
        self.expired = False
        timer = threading.Timer(seconds, self._expire)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()
            self._release()

    def hold(self, sock: socket.socket) -> None:
        """Watch a connection; the handle stays good when TLS takes the socket over."""
        self._release()
        self._handle = socket.fromfd(sock.fileno(), sock.family, sock.type)
        if self.expired:
            self._expire()

    def _expire(self) -> None:
        self.expired = True
        if (handle := self._handle) is not None:
            with contextlib.suppress(OSError):
                handle.shutdown(socket.SHUT_RDWR)

    def _release(self) -> None:
        if self._handle is not None:
            self._handle.close()
            self._handle = None


class _Watched(HTTPConnection):
    watchdog: ClassVar[Watchdog]
    socket_path: ClassVar[str | None]

    def _new_conn(self) -> socket.socket:
        sock = _unix(self.socket_path, self.timeout) if self.socket_path else super()._new_conn()
        self.watchdog.hold(sock)
        return sock

    def request(self, *args: Any, **kwargs: Any) -> None:
        if self.sock is None:
            self.connect()
        self.watchdog.hold(self.sock)
        super().request(*args, **kwargs)


class _WatchedTls(_Watched, HTTPSConnection):
    pass


def pools(watchdog: Watchdog, socket_path: str | None) -> dict[str, type[HTTPConnectionPool]]:
    """Connection pools by scheme whose connections are watched.

    Args:
        watchdog: watches them.
        socket_path: a unix socket that they all lead to; None for the URL's host.
    """
    bound = {"watchdog": watchdog, "socket_path": socket_path}
    plain, tls = type("Plain", (_Watched,), bound), type("Tls", (_WatchedTls,), bound)
    return {
        "http": type("PlainPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
        "https": type("TlsPool", (HTTPSConnectionPool,), {"ConnectionCls": tls}),
    }


def _unix(path: str, timeout: float | None) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.settimeout(timeout)
        sock.connect(path)
    except BaseException:
        sock.close()
        raise
    return sock
