"""Connections to a host outside, trusted by authorities that the configuration names and nobody else."""

from __future__ import annotations

import ssl
from pathlib import Path

import certifi
from urllib3 import PoolManager

from runbook_gate.wire.connections import watch
from runbook_gate.wire.wire import Wire


def trusting(ca_file: Path | None, wire: Wire) -> PoolManager:
    """Make a pool of one connection. Proxies, netrc and authorities of the environment are ignored.

    Args:
        ca_file: PEM file of the authorities; None for certifi's.
        wire: watches the connection.

    Raises:
        OSError: the file cannot be read, or holds no authority.
    """
    trust = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trust.load_verify_locations(ca_file or certifi.where())
    manager = PoolManager(num_pools=1, maxsize=1, ssl_context=trust)
    watch(manager, wire)
    return manager
