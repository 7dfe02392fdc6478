"""`run`: carry out one task, the next that is due, or only tell what would be done."""

from __future__ import annotations

import json
from pathlib import Path

import click

from runbook_gate.cli.output import emit, output_option
from runbook_gate.cli.plan import show_plan
from runbook_gate.cli.settings import run_options, settings, stopping
from runbook_gate.cli.telling import Teller
from runbook_gate.clock import SystemClock
from runbook_gate.configuration import Settings
from runbook_gate.errors import UsageFault
from runbook_gate.ledger import Finished
from runbook_gate.session import Session, open_store


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
    """Carry out the task TASK-ID from wherever its ledger stands."""
    chosen = settings(context, store=store, bundle=bundle, kubeconfig=kubeconfig, packet_dir=packet_dir)
    if take_next == (task_id is not None):
        raise UsageFault("Name one task, or say --next.")
    if only_plan:
        if task_id is None:
            raise UsageFault("--plan needs a task.")
        return show_plan(chosen, task_id, output)
    return report(chosen, carry_out(chosen, task_id), output)


def carry_out(chosen: Settings, task_id: str | None) -> Finished | None:
    """Run one task, or the next that is due if none is named."""
    clock = SystemClock()
    with open_store(chosen, clock=clock) as store, stopping() as asked:
        session = Session(chosen, store, Teller(), clock=clock, stopping=asked)
        return session.run_task(task_id) if task_id is not None else session.run_next()


def report(chosen: Settings, finished: Finished | None, output: str) -> int:
    """Print what a run came to.

    Returns:
        0 complete or idle, 10 escalated.
    """
    if finished is None:
        emit(output, {"outcome": "idle"}, lambda: "Nothing is due.")
        return 0
    document = {
        "outcome": finished.outcome,
        "run": finished.run,
        "ledger_head": finished.head,
        "packet": finished.packet,
        "record": json.loads(finished.record),
    }

    def text() -> str:
        lines = [f"{finished.outcome}: run {finished.run}, head {finished.head}"]
        if finished.packet:
            lines.append(f"packet {finished.packet}: runbook-gate escalations show {finished.packet}")
            lines += [f"written to {chosen.packet_dir}/{finished.packet}.md"] if chosen.packet_dir else []
        return "\n".join(lines)

    emit(output, document, text)
    return 10 if finished.packet else 0
