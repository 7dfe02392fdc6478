"""HTTP over a unix socket, by the standard library alone."""

from __future__ import annotations

import http.client
import socket


class UnixConnection(http.client.HTTPConnection):
    """A connection to whoever listens on a unix socket.

    Args:
        path: the socket.
        timeout_s: for each wait; None waits for ever.
    """

    def __init__(self, path: str, *, timeout_s: float | None = None) -> None:
        super().__init__("localhost", timeout=timeout_s)
        self._path = path

    def connect(self) -> None:
        """Connect."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)
