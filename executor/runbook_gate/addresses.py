"""Which addresses may be spoken to without TLS."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit


def is_loopback(host: str) -> bool:
    """Whether a name or an address is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def plain_beyond_loopback(url: str) -> bool:
    """Whether an URL is anything else than https to a host, or http to this machine."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return True
    return not host or not (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host)))
