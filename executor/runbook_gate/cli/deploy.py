"""`deploy`: what a cluster must hold for a target."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import click
import yaml

from runbook_gate.cli.output import emit, output_option
from runbook_gate.cli.policies import bundle_option, opa_option, policies_of
from runbook_gate.cli.settings import settings
from runbook_gate.clock import SystemClock
from runbook_gate.configuration import Settings
from runbook_gate.deployment import approval, manifests
from runbook_gate.deployment.approval import REGISTER
from runbook_gate.errors import UsageFault
from runbook_gate.gate.bundle import Bundle
from runbook_gate.policy.runbooks import resolve, revisions
from runbook_gate.registers.places import ConfiguredRegisters
from runbook_gate.registers.records import Target
from runbook_gate.serving import read_signed

_TOLD: Final = (
    "# Made by `runbook-gate deploy render` from the namespace baseline. Apply it with governance's rights.\n"
)


@click.group()
def deploy() -> None:
    """Write the rights and admission parameters of targets."""


@deploy.command()
@click.option(
    "--namespace",
    "namespaces",
    multiple=True,
    required=True,
    metavar="NAME",
    help="A target; once for each, always all of them.",
)
@click.option("--cluster-id", required=True, metavar="ID", help="The cluster, as the registers name it.")
@click.option(
    "--baseline",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The namespace baseline; default: the configured register.",
)
@click.option("--runbook", metavar="REVISION", help="Whose labels; default: the one active revision.")
@bundle_option
@opa_option
@output_option
@click.pass_context
def render(
    context: click.Context,
    namespaces: tuple[str, ...],
    cluster_id: str,
    baseline: Path | None,
    runbook: str | None,
    bundle: str | None,
    opa: Path | None,
    output: str,
) -> None:
    """Write rights, admission parameters and bindings of targets.

    They hold the executor's identity to dry-run probes in these namespaces and to the label values that the namespace
    baseline approves. The policies that read them are in deploy/governance.
    """
    chosen = settings(context)
    places = {REGISTER: baseline} if baseline else chosen.registers
    keys = _label_keys(_policies(chosen, bundle, opa), runbook)
    source = ConfiguredRegisters(places, SystemClock())
    approvals = [approval(source, Target(cluster_id, name, keys)) for name in sorted(set(namespaces))]
    documents = manifests(approvals)
    emit(output, {"apiVersion": "v1", "kind": "List", "items": documents}, lambda: _TOLD + _yaml(documents))


def _policies(chosen: Settings, named: str | None, opa: Path | None) -> Bundle:
    """Those that are named; else those that decide, signed as they must be; else the shipped ones."""
    if named is None and chosen.bundle is not None and chosen.bundle.is_file():
        return read_signed(chosen, chosen.bundle)
    return policies_of(chosen, named, opa=opa).bundle


def _label_keys(bundle: Bundle, named: str | None) -> tuple[str, ...]:
    active = [name for name, data in revisions(bundle).items() if data.get("status") == "active"]
    if named is None and len(active) != 1:
        raise UsageFault(
            "It is not clear whose labels are meant.", advice=f"Name one with --runbook: {', '.join(active) or 'none'}."
        )
    return tuple(bundle.routing(resolve(bundle, named or active[0])).label_keys)


def _yaml(documents: list[dict[str, Any]]) -> str:
    return yaml.safe_dump_all(documents, sort_keys=False)
