"""`doctor`: everything that a run needs."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from runbook_gate.cli.output import emit, output_option
from runbook_gate.cli.settings import run_options, settings
from runbook_gate.doctor import Finding, examine


@click.command()
@click.option("--namespace", metavar="NAME", help="A target whose rights are checked too.")
@run_options
@output_option
@click.pass_context
def doctor(
    context: click.Context,
    namespace: str | None,
    store: Path | None,
    bundle: Path | None,
    kubeconfig: Path | None,
    packet_dir: Path | None,
    output: str,
) -> int:
    """Check ledger, sidecar, bundle, registers, audit log, cluster, clock and rights: one line each."""
    chosen = settings(context, store=store, bundle=bundle, kubeconfig=kubeconfig, packet_dir=packet_dir)
    findings = list(examine(chosen, namespace))
    emit(output, [asdict(found) for found in findings], lambda: "\n".join(map(_line, findings)))
    return 0 if all(found.fit for found in findings) else 1


def _line(found: Finding) -> str:
    told = found.told.splitlines()[0] if found.told else ""
    return f"{'ok  ' if found.fit else 'FAIL'} {found.name}: {told}" + (f" → {found.remedy}" if found.remedy else "")
