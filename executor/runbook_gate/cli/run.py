"""`run`: carry out one task, the next that is due, or only tell what would be done."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from runbook_gate.cli.faults import understood
from runbook_gate.cli.output import emit, output_option
from runbook_gate.cli.plan import show_plan
from runbook_gate.cli.settings import new_or_old_store, run_options, settings, store_of
from runbook_gate.cli.signals import Signals
from runbook_gate.cli.telling import Teller
from runbook_gate.configuration import Settings
from runbook_gate.exit_statuses import ExitStatus
from runbook_gate.ledger import Finished, Store
from runbook_gate.printable import printable
from runbook_gate.queue import Progress, run_next
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
    store: Path | str | None,
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
    if task_id is not None:
        return report(chosen, carry_out(chosen, task_id), output)
    return _report_progress(chosen, _step_forward(chosen), output)


def carry_out(chosen: Settings, task_id: str) -> Finished:
    """Run one task."""
    with store_of(chosen) as store, Signals.heard() as signals:
        return _session(chosen, store, signals).run_task(task_id)


def _step_forward(chosen: Settings) -> Progress:
    with new_or_old_store(chosen) as store, Signals.heard() as signals:
        return run_next(_session(chosen, store, signals))


def _session(chosen: Settings, store: Store, signals: Signals) -> Session:
    return Session(chosen, store, Teller(), stopping=signals.asked, awaiting=signals.awaiting)


def _report_progress(chosen: Settings, progress: Progress, output: str) -> ExitStatus:
    """Print what `--next` came to: the due task's document, and with it what the sweep ended."""
    ended = [*progress.swept, *([progress.taken] if progress.taken else [])]
    document = _document(progress.taken) if progress.taken else {"outcome": "idle"}
    faults = [(kept.subject, understood(kept.error)) for kept in progress.faults]
    told = {
        **document,
        "swept": [_document(finished) for finished in progress.swept],
        "faults": [{"subject": subject, **fault.told()} for subject, fault in faults],
    }
    lines = [line for finished in ended for line in _text(chosen, finished)]
    emit(output, told, lambda: "\n".join(lines or ["Nothing is due."]))
    for subject, fault in faults:
        click.echo(printable(f"Error of {subject}: {fault.message} {fault.advice}"), err=True)
    if any(fault.status is ExitStatus.LEDGER for _, fault in faults):
        return ExitStatus.LEDGER
    return ExitStatus.ESCALATED if any(finished.packet for finished in ended) else ExitStatus.COMPLETE


def report(chosen: Settings, finished: Finished, output: str) -> ExitStatus:
    """Print what a run came to.

    Returns:
        COMPLETE or ESCALATED.
    """
    emit(output, _document(finished), lambda: "\n".join(_text(chosen, finished)))
    return ExitStatus.ESCALATED if finished.packet else ExitStatus.COMPLETE


def _document(finished: Finished) -> dict[str, Any]:
    return {
        "outcome": finished.outcome,
        "task": finished.task,
        "run": finished.run,
        "ledger_head": finished.head,
        "packet": finished.packet,
        "record": json.loads(finished.record),
    }


def _text(chosen: Settings, finished: Finished) -> Iterator[str]:
    yield f"Task {finished.task} is {finished.outcome}."
    yield f"  run          {finished.run}"
    yield f"  ledger head  {finished.head}"
    if finished.packet:
        yield f"  packet       {finished.packet}"
        if chosen.packet_dir:
            yield f"  written to   {chosen.packet_dir / finished.packet}.md and .json"
        yield f"  read it      runbook-gate escalations show {finished.packet}"
