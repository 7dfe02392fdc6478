"""A file for node_exporter's textfile collector, of processes that end before anybody could scrape them."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry, generate_latest

from runbook_gate import __version__
from runbook_gate.exit_statuses import ExitStatus
from runbook_gate.ledger import Store
from runbook_gate.metrics import catalog
from runbook_gate.metrics.stored import StoreCollector

_MODE: Final = 0o644  # node_exporter is another user


def text(
    store: Store | None,
    *,
    at_ms: int,
    status: ExitStatus,
    revision: str | None,
    packet_dir: Path | None,
    receiver: bool = False,
) -> bytes:
    """What the file says.

    Args:
        store: the ledger; None if it could not be opened.
        at_ms: when the start ended.
        status: how.
        revision: content digest of the configured bundle, if it could be read.
        packet_dir: where packets are delivered to, if anywhere.
        receiver: whether notifications are sent to somebody.
    """
    registry = CollectorRegistry()
    catalog.BUILD.gauge(registry).labels(__version__, revision or "").set(1)
    catalog.STARTED.gauge(registry).set(at_ms / 1000)
    catalog.STATUS.gauge(registry).set(status)
    if store is None:
        catalog.STORE_UP.gauge(registry).set(0)
    else:
        registry.register(StoreCollector(store, packet_dir=packet_dir, receiver=receiver))
    return generate_latest(registry)


def write(path: Path, content: bytes) -> None:
    """Write it in one step, readable for everybody.

    Args:
        path: the file; node_exporter reads those that end in `.prom`.
        content: what it says.

    Raises:
        OSError: it cannot be written; what was there before stays.
    """
    partial = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
    try:
        with partial.open("xb") as file:
            os.fchmod(file.fileno(), _MODE)
            file.write(content)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
