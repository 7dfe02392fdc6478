"""The kinds of faults, by the names that reports give them."""

from __future__ import annotations

from typing import Final

WORKER: Final = "worker killed"
SIDECAR: Final = "sidecar killed"
API_SERVER: Final = "API server restarted"
POSTGRESQL: Final = "PostgreSQL crashed and restarted"
