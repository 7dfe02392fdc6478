"""`submit`: record a task."""

from __future__ import annotations

from pathlib import Path

import click

from runbook_gate.cli.output import emit, output_option
from runbook_gate.cli.run import carry_out, report
from runbook_gate.cli.settings import actor, run_options, settings, store_of
from runbook_gate.clock import SystemClock
from runbook_gate.models.task import Submission
from runbook_gate.submission import assurance_of, read_task, submitted


@click.command()
@click.argument("task", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--submitter", metavar="NAME", help="Who submits; default: configuration, then this user.")
@click.option("--run", "run_now", is_flag=True, help="Carry the task out at once.")
@run_options
@output_option
@click.pass_context
def submit(
    context: click.Context,
    task: Path,
    submitter: str | None,
    run_now: bool,
    store: Path | None,
    bundle: Path | None,
    kubeconfig: Path | None,
    packet_dir: Path | None,
    output: str,
) -> int:
    """Record the task in file TASK (YAML or JSON)."""
    document = read_task(task)
    submission = Submission(
        submitter=actor(context, submitter),
        assurance=assurance_of(document),
        submitted_ms=SystemClock().read().at_ms,
    )
    with store_of(context, store) as opened:
        status = opened.tasks.submit(submitted(document, submission))
    if run_now:
        chosen = settings(context, store=store, bundle=bundle, kubeconfig=kubeconfig, packet_dir=packet_dir)
        return report(chosen, carry_out(chosen, document.id), output)
    told = {"task": status.id, "state": status.state, "run": status.run, "outcome": status.outcome}
    emit(output, told, lambda: f"task {status.id}: {status.state}")
    return 0
