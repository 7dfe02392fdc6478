"""A receiver of notifications as docs/notifications.md describes one, and every way in which it may behave worse."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from standardwebhooks import Webhook
from tests.cluster.faulty_server import certificate
from tests.wire.serving import serving

from runbook_gate.configuration import Notifications

NEW = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
OLD = "whsec_YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXphYmNkZWY="

Play = Callable[["Handler"], None]


@dataclass(frozen=True)
class Request:
    """One that arrived whole.

    Attributes:
        line: method and path.
        headers: by their lower-case names.
        body: the exact bytes.
    """

    line: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]


@dataclass
class Receiver:
    """The server.

    Attributes:
        folder: of its certificate and the executor's secret.
        requests: what arrived, whether or not it was answered.
        plays: what is done with the next ones, in order; then `usual`.
        usual: what is done with all others.
        secret: with which it verifies what it takes.
    """

    folder: Path
    tls: bool = False
    requests: list[Request] = field(default_factory=list)
    plays: list[Play] = field(default_factory=list)
    secret: str = NEW
    port: int = 0

    def __post_init__(self) -> None:
        self.usual: Play = answer(204)

    @classmethod
    @contextlib.contextmanager
    def start(cls, folder: Path, *, tls: bool = False) -> Iterator[Receiver]:
        """Serve until the end of the block."""
        folder.mkdir()
        made = cls(folder, tls)
        made.secret_file.write_text(f"{NEW}\n", encoding="ascii")
        with made.serving():
            yield made

    @contextlib.contextmanager
    def serving(self) -> Iterator[None]:
        """Listen, on the same port each time."""
        listener = _Listener(("127.0.0.1", self.port), Handler)
        listener.receiver = self
        if self.tls:
            context = certificate(self.folder)
            listener.socket = context.wrap_socket(listener.socket, server_side=True, do_handshake_on_connect=False)
        self.port = listener.server_address[1]
        with serving(listener):
            yield

    @property
    def secret_file(self) -> Path:
        return self.folder / "secret"

    def settings(self, **changes: Any) -> Notifications:
        """What the configuration says of it."""
        scheme = "https" if self.tls else "http"
        stated = {"url": f"{scheme}://127.0.0.1:{self.port}/hooks/runbook-gate", "secret_file": self.secret_file}
        if self.tls:
            stated["ca_file"] = self.folder / "ca.crt"
        # The longest that may be configured, so that a loaded machine never decides what a test sees.
        return Notifications.model_validate({**stated, "timeout_s": 10, **changes})

    def take(self, request: Request) -> None:
        """Verify as a receiver does, with the library of the specification."""
        Webhook(self.secret).verify(request.body, request.headers)


class _Listener(ThreadingHTTPServer):
    receiver: Receiver
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hung up is what some tests are about."""


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server: _Listener

    def do_POST(self) -> None:
        receiver = self.server.receiver
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        receiver.requests.append(Request(f"{self.command} {self.path}", headers, body))
        self.close_connection = True
        (receiver.plays.pop(0) if receiver.plays else receiver.usual)(self)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as in the base class
        """Nothing."""


def answer(status: int, body: bytes = b"", *headers: str, length: int | None = None) -> Play:
    """An answer, whole unless its length says that more should have come."""
    stated = [f"HTTP/1.1 {status} told", f"Content-Length: {len(body) if length is None else length}", *headers]
    return raw("\r\n".join(stated).encode() + b"\r\n\r\n" + body)


def raw(data: bytes) -> Play:
    """These bytes, and the end of the connection."""
    return lambda handler: handler.connection.sendall(data)


def dies(handler: Handler) -> None:
    """The event was taken, and its process ends in the middle of saying so."""
    handler.connection.sendall(b"HTTP/1.")
    handler.connection.shutdown(socket.SHUT_RDWR)


class Hang:
    """No answer until the test is over."""

    def __init__(self) -> None:
        self.reached, self._over = threading.Event(), threading.Event()

    def __call__(self, _: Handler) -> None:
        self.reached.set()
        self._over.wait(120)

    def end(self) -> None:
        self._over.set()
