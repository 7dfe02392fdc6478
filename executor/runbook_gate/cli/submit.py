"""`submit`: record a task."""

from __future__ import annotations

from pathlib import Path

import click

from runbook_gate.authentication import authenticated
from runbook_gate.cli.output import emit, output_option
from runbook_gate.cli.queue import task_document
from runbook_gate.cli.run import carry_out, report
from runbook_gate.cli.settings import actor, new_or_old_store, plain_text, run_options, settings
from runbook_gate.clock import SystemClock
from runbook_gate.configuration import Settings
from runbook_gate.errors import UsageFault
from runbook_gate.exit_statuses import ExitStatus
from runbook_gate.gate.bundle import Bundle
from runbook_gate.models.task import Assurance, Submission
from runbook_gate.serving import read_signed
from runbook_gate.submission import TaskFile, assurance_of, envelope_bytes, read_task_file, signature_of, submitted


@click.command()
@click.argument("task", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--submitter",
    callback=plain_text,
    metavar="NAME",
    help="Who submits; default: `submitter` in the configuration, then this user.",
)
@click.option(
    "--authenticate", is_flag=True, help="Show by the API server that you are the prequalifier; with your kubeconfig."
)
@click.option("--run", "run_now", is_flag=True, help="Carry the task out at once.")
@run_options
@output_option
@click.pass_context
def submit(
    context: click.Context,
    task: Path,
    submitter: str | None,
    authenticate: bool,
    run_now: bool,
    store: Path | str | None,
    bundle: Path | None,
    kubeconfig: Path | None,
    packet_dir: Path | None,
    output: str,
) -> int:
    """Record a task; --run goes on at once.

    TASK is a file, YAML or JSON, or a DSSE envelope that its prequalifier signed (see `task sign`). The same task
    again changes nothing; of one that has ended the stored result is printed.
    """
    if authenticate and run_now:
        raise UsageFault(
            "--authenticate takes your credentials, a run those of the executor.",
            advice="Submit first, then `runbook-gate run` the task.",
        )
    file = read_task_file(task)
    chosen = settings(context, store=store, bundle=bundle, kubeconfig=kubeconfig, packet_dir=packet_dir)
    policy = read_signed(chosen, chosen.bundle) if chosen.bundle and chosen.bundle.is_file() else None
    submission = _submission(file, policy, chosen, actor(chosen, submitter), authenticate=authenticate)
    with new_or_old_store(chosen) as opened:
        if file.envelope:
            opened.evidence.put(envelope_bytes(file.envelope))
        status = opened.tasks.submit(submitted(file.task, submission))
        ended = opened.runs.result(status.id)
    if ended is not None or run_now:
        return report(chosen, ended or carry_out(chosen, file.task.id), output)
    following = f" Next: runbook-gate run {status.id}" if status.state == "queued" else ""
    emit(output, task_document(status), lambda: f"Task {status.id} is {status.outcome or status.state}.{following}")
    return ExitStatus.COMPLETE


def _submission(
    file: TaskFile, policy: Bundle | None, chosen: Settings, submitter: str, *, authenticate: bool
) -> Submission:
    """How the task came, with the strongest of what was shown as its assurance."""
    signature = signature_of(file, policy)
    clock = SystemClock()
    authentication = authenticated(file.task, policy, chosen, clock) if authenticate else None
    shown: Assurance = "authenticated" if authentication else assurance_of(file.task, policy)
    return Submission(
        submitter=submitter,
        assurance="signed" if signature else shown,
        submitted_ms=clock.read().at_ms,
        signature=signature,
        authentication=authentication,
    )
