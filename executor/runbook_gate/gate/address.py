"""Where a sidecar may listen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

from runbook_gate.addresses import is_loopback
from runbook_gate.errors import SidecarFault


class Endpoint(NamedTuple):
    """What a client connects to.

    Attributes:
        host: name or address, an IPv6 address in brackets.
        port: TCP port.
        tls: whether to speak TLS.
    """

    host: str
    port: int
    tls: bool


@dataclass(frozen=True)
class Address:
    """Where a sidecar listens: a unix socket, or an http URL on loopback, or https."""

    socket: str | None = None
    url: str | None = None

    def checked(self) -> Endpoint:
        """What to connect to. Over a unix socket host and port are only names.

        Raises:
            SidecarFault: if it names not exactly one place, more than a place, or plain http beyond loopback.
        """
        if (self.socket is None) == (self.url is None):
            raise _fault("is given twice or not at all")
        if self.url is None:
            return Endpoint("localhost", 80, tls=False)
        try:
            parts = urlsplit(self.url)
            host, port = parts.hostname, _port(parts)
        except ValueError:
            host, port = None, None
        if not host or not port or _extras(parts):
            raise _fault("is not of the form http://127.0.0.1:8181 or https://host:8181")
        if parts.scheme != "https" and not is_loopback(host):
            raise _fault("is plain http beyond loopback")
        return Endpoint(f"[{host}]" if ":" in host else host, port, parts.scheme == "https")


def _port(parts: SplitResult) -> int | None:
    default = {"http": 80, "https": 443}.get(parts.scheme)
    return default and (default if parts.port is None else parts.port)


def _extras(parts: SplitResult) -> bool:
    return bool("@" in parts.netloc or parts.path.strip("/") or parts.query or parts.fragment)


def _fault(problem: str) -> SidecarFault:
    return SidecarFault(
        f"The OPA sidecar's address {problem}.",
        advice="Use a unix socket, http on loopback, or https.",
    )
