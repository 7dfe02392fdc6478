"""`run`: carry out one task, the next that is due, or only tell what would be done."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import click

from runbook_gate.cli.output import emit, output_option
from runbook_gate.cli.plan import show_plan
from runbook_gate.cli.settings import new_or_old_store, run_options, settings, stopping, store_of
from runbook_gate.cli.telling import Teller
from runbook_gate.configuration import Settings
from runbook_gate.exit_statuses import ExitStatus
from runbook_gate.ledger import Finished
from runbook_gate.session import Session


@click.command()
@click.argument("task_id", metavar="[TASK-ID]", required=False)
@click.option("--next", "take_next", is_flag=True, help="The oldest due task, after runs past their deadline.")
@click.option("--plan", "only_plan", is_flag=True, help="Ask cp0 and cp1 on live facts; write nothing anywhere.")
@run_options
@output_option
@click.pass_context
def run(
    context: click.Context,
    task_id: str | None,
    take_next: bool,
    only_plan: bool,
    store: Path | None,
    bundle: Path | None,
    kubeconfig: Path | None,
    packet_dir: Path | None,
    output: str,
) -> int:
    """Carry out one task, or the next that is due.

    The run of TASK-ID goes on from wherever its ledger stands; of a task that has ended the stored result is printed.
    """
    if take_next == (task_id is not None):
        raise click.UsageError("Give either TASK-ID or --next.", context)
    if only_plan and task_id is None:
        raise click.UsageError("--plan needs a TASK-ID.", context)
    chosen = settings(context, store=store, bundle=bundle, kubeconfig=kubeconfig, packet_dir=packet_dir)
    if only_plan and task_id is not None:
        return show_plan(chosen, task_id, output)
    return report(chosen, carry_out(chosen, task_id), output)


def carry_out(chosen: Settings, task_id: str | None) -> Finished | None:
    """Run one task, or the next that is due if none is named."""
    ledger = new_or_old_store(chosen) if task_id is None else store_of(chosen)
    with ledger as store, stopping() as asked:
        session = Session(chosen, store, Teller(), stopping=asked)
        return session.run_next() if task_id is None else session.run_task(task_id)


def report(chosen: Settings, finished: Finished | None, output: str) -> ExitStatus:
    """Print what a run came to.

    Returns:
        COMPLETE, also when idle, or ESCALATED.
    """
    if finished is None:
        emit(output, {"outcome": "idle"}, lambda: "Nothing is due.")
        return ExitStatus.COMPLETE
    document = {
        "outcome": finished.outcome,
        "task": finished.task,
        "run": finished.run,
        "ledger_head": finished.head,
        "packet": finished.packet,
        "record": json.loads(finished.record),
    }
    emit(output, document, lambda: "\n".join(_text(chosen, finished)))
    return ExitStatus.ESCALATED if finished.packet else ExitStatus.COMPLETE


def _text(chosen: Settings, finished: Finished) -> Iterator[str]:
    yield f"Task {finished.task} is {finished.outcome}."
    yield f"  run          {finished.run}"
    yield f"  ledger head  {finished.head}"
    if finished.packet:
        yield f"  packet       {finished.packet}"
        if chosen.packet_dir:
            yield f"  written to   {chosen.packet_dir / finished.packet}.md and .json"
        yield f"  read it      runbook-gate escalations show {finished.packet}"
