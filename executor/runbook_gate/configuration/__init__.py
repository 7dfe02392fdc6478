"""The executor's configuration: one TOML file, then `RUNBOOK_GATE_*`, then options."""

from runbook_gate.configuration.layers import Configured, configured, load
from runbook_gate.configuration.sections import (
    Audit,
    Cluster,
    Endpoint,
    ListedCluster,
    Notifications,
    Opa,
    RegisterEndpoint,
)
from runbook_gate.configuration.settings import Settings

__all__ = [
    "Audit",
    "Cluster",
    "Configured",
    "Endpoint",
    "ListedCluster",
    "Notifications",
    "Opa",
    "RegisterEndpoint",
    "Settings",
    "configured",
    "load",
]
