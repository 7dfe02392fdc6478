"""`/healthz`, `/readyz`, `/metrics`: a small server that answers GET on these and nothing else.

A connection lives for CONNECTION_S seconds at most, and there are at most CONNECTIONS of them: one that is slow, or
says nothing, holds up nobody for longer.
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from runbook_gate.errors import UsageFault
from runbook_gate.working.health import Health

CONNECTION_S: Final = 5.0
CONNECTIONS: Final = 32

Answer = tuple[int, str, bytes]


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        answer = self.server.answers.get(self.path.partition("?")[0])
        self._give(*(answer() if answer else (404, "text/plain", b"not found\n")))

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002
        """Whatever else is sent: a status and nothing of it in the answer."""
        self._give(405 if code == 501 else code, "text/plain", b"")

    def _give(self, status: int, kind: str, body: bytes) -> None:
        self.close_connection = True
        self.send_response_only(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), "Connection": "close"}.items():
            self.send_header(name, value)
        if status == 405:
            self.send_header("Allow", "GET")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the signature is the library's
        """Probes come every few seconds, and what they say is nobody's."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    request_queue_size = CONNECTIONS

    def __init__(self, place: tuple[str, int], answers: Mapping[str, Callable[[], Answer]]) -> None:
        self.answers = answers
        self._free = threading.BoundedSemaphore(CONNECTIONS)
        self.address_family = socket.AF_INET6 if ":" in place[0] else socket.AF_INET
        super().__init__(place, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        if not self._free.acquire(blocking=False):
            self.shutdown_request(request)
            return
        try:
            super().process_request(request, client_address)
        except BaseException:
            self._free.release()
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        over = threading.Timer(CONNECTION_S, _cut, (request,))
        over.daemon = True
        over.start()
        try:
            super().process_request_thread(request, client_address)
        finally:
            over.cancel()
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that is gone is nobody's fault."""


def _cut(request: socket.socket) -> None:
    with suppress(OSError):
        request.shutdown(socket.SHUT_RDWR)


@contextmanager
def listening(place: tuple[str, int], health: Health, registry: CollectorRegistry) -> Iterator[int]:
    """Answer at a place for the length of a block.

    Args:
        place: address and port; port 0 takes a free one.
        health: what is said of the process.
        registry: the metrics.

    Yields:
        The port.

    Raises:
        UsageFault: the place cannot be had.
    """
    answers: dict[str, Callable[[], Answer]] = {
        "/healthz": lambda: _told(health.healthy()),
        "/readyz": lambda: _told(health.ready()),
        "/metrics": lambda: (200, CONTENT_TYPE_LATEST, generate_latest(registry)),
    }
    try:
        server = _Server(place, answers)
    except OSError as fault:
        raise UsageFault(
            f"{place[0]}:{place[1]}: {fault.strerror}.", advice="Name another address with --listen."
        ) from None
    thread = threading.Thread(target=server.serve_forever, args=(0.1,), name="listener", daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _told(said: tuple[bool, dict[str, Any]]) -> Answer:
    good, document = said
    return 200 if good else 503, "application/json", json.dumps(document).encode() + b"\n"
