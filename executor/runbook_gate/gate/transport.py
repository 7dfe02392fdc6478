"""The wire to OPA: one request, exact bytes both ways, no proxy, no redirect, a deadline and a size limit."""

from __future__ import annotations

import socket
import time
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool

MAX_ANSWER = 4 * 1024 * 1024


class AnswerTooLarge(requests.RequestException):
    """More came back than any decision needs."""


class _UnixConnection(HTTPConnection):
    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(float(self.timeout or 0) or None)
        self.sock.connect(self._path)


class _UnixPool(HTTPConnectionPool):
    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout, retries=False)
        self._path, self._seconds = path, timeout

    def _new_conn(self) -> Any:
        return _UnixConnection(self._path, self._seconds)


class ExactAdapter(HTTPAdapter):
    """Sends the bytes it was given in place of what the client serialized, and keeps the bytes that came back.

    Args:
        timeout_s: for connecting, and for the whole answer.
        socket_path: a unix socket to talk to in place of the URL's host.
    """

    def __init__(self, *, timeout_s: float, socket_path: str | None = None) -> None:
        super().__init__(max_retries=0)
        self._timeout_s = timeout_s
        self._pool = _UnixPool(socket_path, timeout_s) if socket_path else None
        self.body = b""
        self.answer: tuple[int, str, bytes] | None = None

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        """A connection to the unix socket if there is one."""
        return self._pool or super().get_connection_with_tls_context(*args, **kwargs)

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """Send `self.body`; leave status, content type and bytes in `self.answer`."""
        request.prepare_body(data=self.body, files=None)
        request.headers["Content-Type"] = "application/json"
        deadline = time.monotonic() + self._timeout_s
        kwargs.update(stream=True, timeout=self._timeout_s)
        response = super().send(request, *args, **kwargs)
        content = bytearray()
        for chunk in response.iter_content(65536):
            content += chunk
            if len(content) > MAX_ANSWER:
                raise AnswerTooLarge("answer too large")
            if time.monotonic() > deadline:
                raise requests.ReadTimeout("answer too slow")
        response._content = bytes(content)
        self.answer = (response.status_code, response.headers.get("Content-Type", ""), bytes(content))
        return response

    def close(self) -> None:
        """Close the pool."""
        if self._pool is not None:
            self._pool.close()
        super().close()
