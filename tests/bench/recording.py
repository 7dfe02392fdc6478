"""Every HTTP request of a run, as it went over its wire."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from urllib3.connection import HTTPConnection, HTTPSConnection


@dataclass(frozen=True)
class Sent:
    """One request.

    Attributes:
        gate: whether OPA was asked, else the API server.
        method: HTTP method.
        target: path and query.
        headers: without those that the client computes.
        body: empty if there is none.
    """

    gate: bool
    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@contextmanager
def recorded() -> Iterator[list[Sent]]:
    """Record what every connection of urllib3 sends during the block."""
    sent: list[Sent] = []
    real = HTTPConnection.request

    def request(
        self: HTTPConnection, method: str, url: str, body: Any = None, headers: Any = None, **more: Any
    ) -> None:
        data = body.encode() if isinstance(body, str) else bytes(body or b"")
        kept = {name: value for name, value in dict(headers or {}).items() if name.lower() != "content-length"}
        sent.append(Sent(not isinstance(self, HTTPSConnection), method, url, kept, data))
        real(self, method, url, body=body, headers=headers, **more)

    with patch.object(HTTPConnection, "request", request):
        yield sent
