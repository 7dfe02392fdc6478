"""Servers as child processes: OPA beside a run, etcd and an API server for demo and tests."""

from runbook_gate.processes.ports import free_port
from runbook_gate.processes.servers import ServerProcess

__all__ = ["ServerProcess", "free_port"]
