"""A gate that answers as a test wants, byte for byte, on a unix socket or on loopback.

A reply is a function from what was asked to steps: bytes are sent, a number of seconds is waited, None hangs up.
"""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from runbook_gate.canonical import gate_bytes, sha256_hex
from runbook_gate.gate.address import Address
from runbook_gate.models.runbook import Pins

PINS = Pins(
    content_sha256="a" * 64,
    bundle_sha256="b" * 64,
    capabilities_sha256="c" * 64,
    signer_key_id=None,
    opa_version="1.22.0",
    opa_platform="linux/amd64",
    opa_sha256=None,
    opa_basis="claimed",
)


@dataclass(frozen=True)
class Asked:
    """One request.

    Attributes:
        line: the request line.
        headers: by lower-case name.
        body: the exact bytes.
    """

    line: str
    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> dict[str, Any]:
        """The decision input."""
        document: dict[str, Any] = json.loads(self.body)["input"]
        return document


Reply = Callable[[Asked], Iterable[bytes | float | None]]


def decision(document: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A good decision on an input, with some members changed."""
    echo = {name: document.get(name) for name in ("run_id", "step", "checkpoint", "ledger_head")}
    following: dict[str, Any] = {
        "action": "gather",
        "step": "restore",
        "checkpoint": "cp1",
        "until_ms": None,
        "params": {},
    }
    return {
        "schema": 1,
        **echo,
        "input_sha256": sha256_hex(gate_bytes(document)),
        "runbook": "MKS-PSA-Label-Restore-v3",
        "verdict": "proceed",
        "next": following,
        "denials": [],
        **changes,
    }


def envelope(result: object, **changes: Any) -> dict[str, Any]:
    """What OPA puts around a result, with some members changed."""
    provenance = {"version": PINS.opa_version, "bundles": {"bundle.tar.gz": {"revision": PINS.content_sha256}}}
    return {"result": result, "provenance": provenance, **changes}


def whole(body: bytes, *headers: str, status: str = "200 OK", content_type: str = "application/json") -> bytes:
    """An HTTP answer."""
    head = [f"HTTP/1.1 {status}", f"Content-Type: {content_type}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*head, "", ""]).encode() + body


def well(asked: Asked) -> Iterator[bytes]:
    """The answer that is to be had."""
    yield whole(json.dumps(envelope(decision(asked.document))).encode())


def always(*steps: bytes | float | None) -> Reply:
    """The same to every question."""
    return lambda _: steps


class ScriptedGate:
    """An HTTP server in the place of OPA.

    Attributes:
        reply: what it does with each request.
        asked: the requests, in order.
        connections: how many connections were opened.

    Args:
        reply: what it does with each request.
        path: a unix socket to listen on; None for a free port on loopback.
        tls: how to speak TLS; None for plain http.
    """

    def __init__(self, reply: Reply, path: Path | None = None, tls: ssl.SSLContext | None = None) -> None:
        self.reply, self.asked, self.connections = reply, list[Asked](), 0
        self._path, self._tls, self._over = path, tls, threading.Event()
        self._sockets, self._threads = list[socket.socket](), list[threading.Thread]()

    @property
    def address(self) -> Address:
        """Where it listens."""
        return Address(socket=str(self._path)) if self._path else Address(url=self.url)

    @property
    def url(self) -> str:
        """The URL on loopback."""
        return f"http{'s' if self._tls else ''}://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> ScriptedGate:
        self._listener = socket.socket(socket.AF_UNIX if self._path else socket.AF_INET)
        self._listener.bind(str(self._path) if self._path else ("127.0.0.1", 0))
        self._listener.listen()
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for each in (self._listener, *self._sockets):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)
        self._listener.close()

    def _start(self, target: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while not self._over.is_set():
                connection, _ = self._listener.accept()
                self.connections += 1
                self._sockets.append(connection)
                self._start(self._serve, connection)

    def _serve(self, accepted: socket.socket) -> None:
        with contextlib.suppress(OSError), accepted:
            connection = self._tls.wrap_socket(accepted, server_side=True) if self._tls else accepted
            with connection, connection.makefile("rb") as stream:
                while asked := _request(stream):
                    self.asked.append(asked)
                    if not self._answered(connection):
                        return

    def _answered(self, connection: socket.socket) -> bool:
        for step in self.reply(self.asked[-1]):
            if step is None:
                return False
            if isinstance(step, bytes):
                connection.sendall(step)
            elif self._over.wait(step):
                return False
        return True


def _request(stream: BinaryIO) -> Asked | None:
    line, headers = stream.readline().decode().strip(), dict[str, str]()
    while b":" in (header := stream.readline()):
        name, value = header.decode().split(":", 1)
        headers[name.lower()] = value.strip()
    return Asked(line, headers, stream.read(int(headers.get("content-length", 0)))) if line else None
