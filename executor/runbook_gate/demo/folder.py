"""What the demo leaves behind: one folder with a configuration of its own, so that every command can look at it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from rich.console import Console

from runbook_gate.binaries import find_tool
from runbook_gate.configuration import Audit, Cluster, Settings
from runbook_gate.demo.stage import REGISTERS
from runbook_gate.gate.build import build
from runbook_gate.localcluster import LocalCluster
from runbook_gate.resources import policies

FILE: Final = "runbook-gate.toml"
_LEFT: Final = (
    ("ledger.sqlite", "what happened, hash-chained"),
    ("packets/", "the escalation packet, as Markdown and JSON"),
    ("bundle.tar.gz", "the policy that decided"),
    ("heads.txt", "ledger heads, as they would leave the host"),
    ("cluster/", "logs and audit log of the API server"),
    (FILE, "a configuration with which every command finds these"),
)


def prepare(folder: Path, cluster: LocalCluster) -> Settings:
    """Build the bundle and write the configuration.

    Returns:
        The same configuration, without registers: each act has its own.
    """
    (folder / "bundle.tar.gz").write_bytes(build(policies(), opa=find_tool("opa")).raw)
    kubeconfig, audit_log = cluster.server.kubeconfig("executor"), cluster.server.audit_log
    registers = [f'{name} = "restore-psa-0001/{name}.yaml"' for name in REGISTERS]
    lines = [
        'store = "ledger.sqlite"',
        'bundle = "bundle.tar.gz"',
        'packet_dir = "packets"',
        'heads_file = "heads.txt"',
        'submitter = "demo"',
        *("", "[registers]", *registers),
        *("", "[cluster]", f'kubeconfig = "{kubeconfig.relative_to(folder)}"'),
        *("", "[audit]", f'logs = ["{audit_log.relative_to(folder)}"]'),
    ]
    (folder / FILE).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return Settings(
        store=folder / "ledger.sqlite",
        bundle=folder / "bundle.tar.gz",
        packet_dir=folder / "packets",
        heads_file=folder / "heads.txt",
        submitter="demo",
        cluster=Cluster(kubeconfig=kubeconfig),
        audit=Audit(logs=(audit_log,)),
    )


def say_where(folder: Path, console: Console, tasks: list[str]) -> None:
    """Say where everything lies, and how to look at it again."""
    console.print(f"Everything lies in {folder}:", soft_wrap=True)
    for name, told in _LEFT:
        console.print(f"  {name:<18} {told}", soft_wrap=True)
    console.print("Look again, with that configuration:")
    for words in (f"show {tasks[0]}", "status", "escalations list", "ledger verify"):
        console.print(f"  runbook-gate --config {folder / FILE} {words}", soft_wrap=True)
