"""A TLS server between the executor and the API server: passes every request on, and does with a write as a test says.

A write is a PATCH without dryRun=All. The first of `plays` is for the first write, the second for the second.
"""

from __future__ import annotations

import contextlib
import http.client
import itertools
import json
import select
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.cluster.faulty_server import certificate

from runbook_gate.localcluster import ApiServer

_HOPS = {"connection", "content-length", "host", "keep-alive", "transfer-encoding"}


@dataclass(frozen=True)
class Answer:
    """An answer of the API server, or one made up in its place.

    Attributes:
        status: HTTP status.
        headers: without those of the connection.
        body: the whole body.
        cut: after how many bytes of the body the connection ends; None passes all of it.
    """

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    cut: int | None = None


Deliver = Callable[[], Answer]


@dataclass(frozen=True)
class Request:
    """A request that came in.

    Attributes:
        method: HTTP method.
        target: path and query.
        deliver: passes it on to the API server.
        connection: number of the connection that it came on, from 1.
        stream: that connection.
    """

    method: str
    target: str
    deliver: Deliver
    connection: int
    stream: socket.socket = field(repr=False)

    @property
    def writes(self) -> bool:
        """Whether it is a real write."""
        return self.method == "PATCH" and "dryRun=All" not in self.target

    def abandoned(self) -> None:
        """Wait until the sender gave up and closed the connection."""
        ended, _, _ = select.select([self.stream], [], [], 60)
        if not ended:
            raise TimeoutError("the sender did not give up")

    def reset(self) -> None:
        """End the connection with a reset."""
        self.stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        socket.socket(fileno=self.stream.detach()).close()


Play = Callable[[Deliver], Answer | None]


@dataclass
class Held:
    """Writes whose sender was told nothing, and which a test delivers when it likes."""

    deliveries: list[Deliver] = field(default_factory=list)

    def __call__(self, deliver: Deliver) -> None:
        self.deliveries.append(deliver)

    def deliver(self) -> list[int]:
        """Deliver them all, in order.

        Returns:
            The status that each was answered with.
        """
        return [deliver().status for deliver in self.deliveries]


def lost_before_delivery(deliver: Deliver) -> None:
    """The connection ends; the API server never sees the request."""


def lost_after_delivery(deliver: Deliver) -> None:
    """The API server answers; the connection ends before the answer is passed on."""
    deliver()


def instead(status: int, reason: str, text: str = "planted", *, delivered: bool = False) -> Play:
    """Another answer in place of the API server's, which saw the request or not."""

    def play(deliver: Deliver) -> Answer:
        if delivered:
            deliver()
        document = {"kind": "Status", "status": "Failure", "code": status, "reason": reason, "message": text}
        return Answer(status, [("Content-Type", "application/json")], json.dumps(document).encode())

    return play


def unanswered_until(given_up: threading.Event) -> Play:
    """The request is swallowed, and the connection stays open until a moment that the test names."""

    def play(deliver: Deliver) -> None:
        given_up.wait(30)

    return play


def meanwhile(act: Callable[[], object]) -> Play:
    """Something happens while the request is held, then it is delivered and answered."""

    def play(deliver: Deliver) -> Answer:
        act()
        return deliver()

    return play


class ApiServerProxy:
    """The proxy.

    Args:
        folder: for its certificate.
        server: where requests are passed on to.

    Attributes:
        plays: what is done with the next writes; when it is empty they are passed on.
        answers: status of each write that reached the API server through here.
        connections: how many there were.
        ca_file: what a client trusts.
        faults: what went wrong in a play.
    """

    def __init__(self, folder: Path, server: ApiServer) -> None:
        folder.mkdir()
        self._folder, self._target = folder, server
        self._tls = certificate(folder)
        self.ca_file = folder / "ca.crt"
        self.plays: list[Play] = []
        self.answers: list[int] = []
        self.faults: list[Exception] = []
        self.connections = 0
        self._numbers = itertools.count(1)
        self._port = 0
        self.open()

    @classmethod
    @contextlib.contextmanager
    def start(cls, folder: Path, server: ApiServer) -> Iterator[ApiServerProxy]:
        """Serve until the end of the block, and raise what went wrong in a play."""
        proxy = cls(folder, server)
        try:
            yield proxy
        finally:
            proxy.close()
        for fault in proxy.faults:
            raise fault

    def open(self) -> None:
        """Listen, on the same port each time."""
        self._listener = _Listener(("127.0.0.1", self._port), _Handler)
        self._listener.proxy = self
        self._listener.socket = self._tls.wrap_socket(
            self._listener.socket, server_side=True, do_handshake_on_connect=False
        )
        self._port = self._listener.server_address[1]
        threading.Thread(target=self._listener.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        """Refuse connections from now on."""
        self._listener.shutdown()
        self._listener.server_close()

    @property
    def url(self) -> str:
        """Where it is reached."""
        return f"https://127.0.0.1:{self._port}"

    def kubeconfig(self, user: str = "executor") -> Path:
        """A kubeconfig that leads through here."""
        document = json.loads(self._target.kubeconfig(user).read_text(encoding="utf-8"))
        document["clusters"][0]["cluster"] = {
            "server": self.url,
            "certificate-authority": str(self.ca_file),
        }
        path = self._folder / f"{user}.kubeconfig"
        path.write_text(json.dumps(document), encoding="utf-8")
        return path

    def pass_on(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Answer:
        """One request to the API server, on a connection of its own."""
        server = self.choose(method, target)
        trust = ssl.create_default_context(cafile=server.ca_file)
        connection = http.client.HTTPSConnection("127.0.0.1", server.port, timeout=20, context=trust)
        with contextlib.closing(connection):
            connection.request(method, target, body or None, headers)
            answer = connection.getresponse()
            kept = [(name, value) for name, value in answer.getheaders() if name.lower() not in _HOPS]
            return Answer(answer.status, kept, answer.read())

    def choose(self, method: str, target: str) -> ApiServer:
        """The API server that a request is passed on to."""
        return self._target

    def connected(self) -> int:
        """Count a connection.

        Returns:
            Its number.
        """
        self.connections = next(self._numbers)
        return self.connections

    def answer(self, request: Request) -> Answer | None:
        """What is passed back; None ends the connection."""
        return self.play(request.deliver) if request.writes else request.deliver()

    def play(self, deliver: Deliver) -> Answer | None:
        """Do with a write as the test says."""

        def counted() -> Answer:
            answer = deliver()
            self.answers.append(answer.status)
            return answer

        try:
            return self.plays.pop(0)(counted) if self.plays else counted()
        except Exception as fault:
            self.faults.append(fault)
            return None


class _Listener(ThreadingHTTPServer):
    proxy: ApiServerProxy

    def handle_error(self, request: Any, client_address: Any) -> None:
        """An executor that went away is none of our business."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30
    server: _Listener

    def setup(self) -> None:
        super().setup()
        self.number = self.server.proxy.connected()

    def _serve(self) -> None:
        proxy = self.server.proxy
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOPS}
        method, target = self.command, self.path

        def deliver() -> Answer:
            return proxy.pass_on(method, target, headers, body)

        answer = proxy.answer(Request(method, target, deliver, self.number, self.connection))
        self.close_connection = answer is None or answer.cut is not None
        if answer is not None:
            self._pass_back(answer)

    def _pass_back(self, answer: Answer) -> None:
        self.send_response_only(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body[: answer.cut])

    do_GET = do_POST = do_PATCH = _serve  # noqa: N815 - names that http.server wants

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as in the base class
        """Nothing."""
