"""A register server as docs/registers.md describes one: TLS, a bearer token, one record or more a page.

What it answers is asked of a test with each first page, so records may change while it serves, and the pages that
follow are of the same moment.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.cluster.faulty_server import Behaviour, certificate
from tests.wire.serving import serving

from runbook_gate.configuration import RegisterEndpoint

Document = dict[str, Any]
Alteration = Callable[[Document, int], Document]


@dataclass
class RegisterServer:
    """The server.

    Attributes:
        folder: of its certificate and token.
        documents: a register's whole answer, by name.
        page_size: records of one page.
        faults: what is done on the connection in place of an answer, by register.
        altered: what is made of a page before it is sent, by register; it gets the page's number, from 0.
        asked: path and query of each request with the right token.
        refused: how many requests had another token, or none.
        token: the one that is right now.
        tokens: all that were.
    """

    folder: Path
    documents: Callable[[str], Document]
    page_size: int = 1000
    faults: dict[str, Behaviour] = field(default_factory=dict)
    altered: dict[str, Alteration] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    refused: int = 0
    port: int = 0
    token: str = field(default="", repr=False)
    tokens: list[str] = field(default_factory=list, repr=False)
    _read: dict[str, Document] = field(default_factory=dict)

    @classmethod
    @contextlib.contextmanager
    def start(cls, folder: Path, documents: Callable[[str], Document]) -> Iterator[RegisterServer]:
        """Serve until the end of the block."""
        folder.mkdir()
        server = cls(folder, documents)
        server.rotate()
        with server.serving(certificate(folder)):
            yield server

    @contextlib.contextmanager
    def serving(self, tls: ssl.SSLContext) -> Iterator[None]:
        """Listen, on the same port each time."""
        listener = _Listener(("127.0.0.1", self.port), _Handler)
        listener.registers = self
        listener.socket = tls.wrap_socket(listener.socket, server_side=True, do_handshake_on_connect=False)
        self.port = listener.server_address[1]
        with serving(listener):
            yield

    @property
    def token_file(self) -> Path:
        """The token that the executor is given."""
        return self.folder / "token"

    def rotate(self) -> None:
        """Let another token be the right one, and put it into the file."""
        self.token = secrets.token_urlsafe(24)
        self.tokens.append(self.token)
        self.token_file.write_text(f"{self.token}\n", encoding="ascii")

    def endpoint(self, register: str, **changes: Any) -> RegisterEndpoint:
        """What the configuration says of a register."""
        url = f"https://127.0.0.1:{self.port}/v1/{register}"
        stated = {"url": url, "token_file": self.token_file, "ca_file": self.folder / "ca.crt", **changes}
        return RegisterEndpoint.model_validate(stated)

    def page(self, register: str, number: int) -> Document:
        """One page: the envelope, some of its records, and where the next ones are."""
        if number == 0 or register not in self._read:
            self._read[register] = self.documents(register)
        document = self._read[register]
        first = number * self.page_size
        more = first + self.page_size < len(document["records"])
        page = {**document, "records": document["records"][first : first + self.page_size]}
        page["next"] = f"/v1/{register}?page={number + 1}" if more else None
        change = self.altered.get(register)
        return change(page, number) if change else page


class _Listener(ThreadingHTTPServer):
    registers: RegisterServer
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hung up, or did not trust the certificate, is what some tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30
    server: _Listener

    def do_GET(self) -> None:
        registers, parts = self.server.registers, urlsplit(self.path)
        if self.headers.get("Authorization") != f"Bearer {registers.token}":
            registers.refused += 1
            self._answer(401, {"error": "unauthorized"})
            return
        registers.asked.append(self.path)
        register = parts.path.removeprefix("/v1/")
        if (fault := registers.faults.get(register)) is not None:
            self.close_connection = True
            fault(self.connection)
            return
        self._answer(200, registers.page(register, int(parse_qs(parts.query).get("page", ["0"])[0])))

    def _answer(self, status: int, document: Document) -> None:
        body = json.dumps(document).encode()
        head = f"HTTP/1.1 {status} told\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        self.wfile.write(head.encode("ascii") + body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as in the base class
        """Nothing."""
