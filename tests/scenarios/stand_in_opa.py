"""A server on a unix socket that asks a real sidecar and alters its answer at chosen checkpoints."""

from __future__ import annotations

import contextlib
import json
import select
import shutil
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingMixIn, UnixStreamServer
from typing import Any

from tests.wire.unix import UnixConnection

from runbook_gate.gate.client import Address


@dataclass(frozen=True)
class Reply:
    """An answer of OPA, or one made up in its place.

    Attributes:
        status: HTTP status.
        headers: without those of the connection.
        body: the whole body.
        cut: after how many bytes of the body the connection ends; None passes all of it.
    """

    status: int
    headers: dict[str, str]
    body: bytes
    cut: int | None = None

    @property
    def document(self) -> dict[str, Any]:
        """The body as JSON."""
        parsed: dict[str, Any] = json.loads(self.body)
        return parsed

    def with_document(self, document: Any) -> Reply:
        """The same with another body."""
        return replace(self, body=json.dumps(document).encode())


Question = tuple[str, str, bytes]


@dataclass(frozen=True)
class Ask:
    """A question that came in: calling it asks the real OPA.

    Attributes:
        forward: asks the real OPA.
        stream: the connection that the question came on.
    """

    forward: Callable[[], Reply]
    stream: socket.socket

    def __call__(self) -> Reply:
        return self.forward()

    def abandoned(self) -> None:
        """Wait until the sender gave up and closed the connection."""
        ended, _, _ = select.select([self.stream], [], [], 60)
        if not ended:
            raise TimeoutError("the sender did not give up")


Alteration = Callable[[Ask], Reply | None]


def as_it_is(ask: Ask) -> Reply:
    """The real answer."""
    return ask()


class StandInOpa:
    """The server. Its socket lies in a folder of its own, because a path of a socket has to be short.

    Args:
        sidecar: where the real OPA listens.

    Attributes:
        alterations: by checkpoint, what is done to its answers until it is taken out again.
        asked: checkpoints, in the order in which they were asked.
        questions: method, target and body of each request that named a checkpoint.
    """

    def __init__(self, sidecar: Address) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="runbook-gate-opa-"))
        self.sidecar = sidecar
        self.alterations: dict[str, Alteration] = {}
        self.asked: list[str] = []
        self.questions: list[Question] = []
        self.socket = self._folder / "opa.sock"
        self._listener = _Listener(str(self.socket), _Handler)
        self._listener.stand_in = self
        threading.Thread(target=self._listener.serve_forever, args=(0.01,), daemon=True).start()

    @classmethod
    @contextlib.contextmanager
    def start(cls, sidecar: Address) -> Iterator[StandInOpa]:
        """Serve until the end of the block."""
        stand_in = cls(sidecar)
        try:
            yield stand_in
        finally:
            stand_in.close()

    def close(self) -> None:
        """End it."""
        self._listener.shutdown()
        self._listener.server_close()
        shutil.rmtree(self._folder)

    def answer(self, method: str, target: str, body: bytes, stream: socket.socket) -> Reply | None:
        """Ask the real OPA, and alter its answer if this is the checkpoint for it."""
        checkpoint = str(json.loads(body or b"{}").get("input", {}).get("checkpoint", ""))
        if checkpoint:
            self.asked.append(checkpoint)
            self.questions.append((method, target, body))
        return self.alteration(checkpoint)(Ask(lambda: forward(self.sidecar, method, target, body), stream))

    def alteration(self, checkpoint: str) -> Alteration:
        """What is done to the answer to a question that has come just now; without a checkpoint it is of no run."""
        return self.alterations.get(checkpoint, as_it_is)


def forward(sidecar: Address, method: str, target: str, body: bytes) -> Reply:
    """One request to a real OPA."""
    with contextlib.closing(UnixConnection(str(sidecar.socket), timeout_s=10)) as connection:
        connection.request(method, target, body or None, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return Reply(answer.status, {"Content-Type": answer.getheader("Content-Type", "")}, answer.read())


class _Listener(ThreadingMixIn, UnixStreamServer):
    daemon_threads = True
    stand_in: StandInOpa

    def handle_error(self, request: Any, client_address: Any) -> None:
        """An executor that went away is none of our business."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30
    server: _Listener

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        reply = self.server.stand_in.answer(self.command, self.path, body, self.connection)
        self.close_connection = reply is None or reply.cut is not None
        if reply is None:
            return
        self.send_response_only(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body[: reply.cut])

    do_GET = do_POST = _serve  # noqa: N815 - names that http.server wants

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as in the base class
        """Nothing."""
