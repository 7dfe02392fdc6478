"""`withdraw`, `pause`, `unpause`: what may run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from runbook_gate.cli.output import emit, output_option
from runbook_gate.cli.settings import (
    actor,
    actor_option,
    new_or_old_store,
    plain_text,
    settings,
    store_of,
    store_option,
)
from runbook_gate.ledger import TaskStatus
from runbook_gate.printable import printable


@click.command()
@click.argument("task_id", metavar="TASK-ID")
@actor_option
@store_option
@output_option
@click.pass_context
def withdraw(context: click.Context, task_id: str, who: str | None, store: Path | str | None, output: str) -> None:
    """Take back a queued task."""
    chosen = settings(context, store=store)
    with store_of(chosen) as opened:
        status = opened.tasks.withdraw(task_id, actor=actor(chosen, who))
    emit(output, task_document(status), lambda: f"Task {status.id} is withdrawn.")


@click.command()
@click.option("--reason", callback=plain_text, metavar="TEXT", required=True, help="Why; it is shown until `unpause`.")
@actor_option
@store_option
@output_option
@click.pass_context
def pause(context: click.Context, reason: str, who: str | None, store: Path | str | None, output: str) -> None:
    """Let no run pass cp0 or cp1 until `unpause`.

    The gate denies them: a run that meets the pause escalates. What is queued stays queued for `work` and `run --next`.
    """
    chosen = settings(context, store=store)
    with new_or_old_store(chosen) as opened:
        opened.pauses.pause(reason, actor=actor(chosen, who))
    emit(output, {"paused": True, "reason": reason}, lambda: f"Paused: {printable(reason)}")


@click.command()
@actor_option
@store_option
@output_option
@click.pass_context
def unpause(context: click.Context, who: str | None, store: Path | str | None, output: str) -> None:
    """Let runs pass again."""
    chosen = settings(context, store=store)
    with store_of(chosen) as opened:
        opened.pauses.unpause(actor=actor(chosen, who))
    emit(output, {"paused": False}, lambda: "Not paused.")


def task_document(task: TaskStatus) -> dict[str, Any]:
    """A task for programs."""
    kept = ("id", "runbook", "state", "run", "outcome", "submitted_ms", "not_before_ms")
    return {name: getattr(task, name) for name in kept}
