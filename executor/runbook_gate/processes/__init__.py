"""Servers as child processes: OPA beside a run, etcd and an API server for demo and tests."""

from runbook_gate.processes.servers import ServerProcess, free_port

__all__ = ["ServerProcess", "free_port"]
