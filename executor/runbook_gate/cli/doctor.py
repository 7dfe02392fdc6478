"""`doctor`: everything that a run needs."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from runbook_gate.cli.output import columns, emit, output_option
from runbook_gate.cli.settings import run_options, settings
from runbook_gate.doctor import Finding, examine
from runbook_gate.exit_statuses import ExitStatus


@click.command()
@click.option("--namespace", metavar="NAME", help="A target whose rights are checked too.")
@click.option("--cluster", "cluster_id", metavar="ID", help="The only cluster that is examined; default: each.")
@run_options
@output_option
@click.pass_context
def doctor(
    context: click.Context,
    namespace: str | None,
    cluster_id: str | None,
    store: Path | str | None,
    bundle: Path | None,
    kubeconfig: Path | None,
    packet_dir: Path | None,
    output: str,
) -> int:
    """Check everything that a run needs.

    One line each, with the remedy: ledger, bundle, sidecar, registers, audit log, cluster, clock and rights. Nothing is
    made or changed.
    """
    chosen = settings(context, store=store, bundle=bundle, kubeconfig=kubeconfig, packet_dir=packet_dir)
    findings = list(examine(chosen, namespace, cluster_id=cluster_id))
    fit = all(found.fit for found in findings)
    document = {"fit": fit, "findings": [asdict(found) for found in findings]}
    emit(output, document, lambda: "\n".join(columns([_row(found) for found in findings])))
    return ExitStatus.COMPLETE if fit else ExitStatus.UNEXPECTED


def _row(found: Finding) -> tuple[str, str, str]:
    told = f"{found.told} → {found.remedy}" if found.remedy else found.told
    return "ok" if found.fit else "FAIL", found.name, told
