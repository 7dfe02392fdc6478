"""`withdraw`, `pause`, `unpause`, `status`: the queue and who may hold it up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from runbook_gate.cli.output import emit, output_option
from runbook_gate.cli.settings import actor, store_of, store_option
from runbook_gate.ledger import RunStatus, TaskStatus


@click.command()
@click.argument("task_id", metavar="TASK-ID")
@click.option("--actor", "who", metavar="NAME", help="Who withdraws; default: configuration, then this user.")
@store_option
@output_option
@click.pass_context
def withdraw(context: click.Context, task_id: str, who: str | None, store: Path | None, output: str) -> None:
    """Take back the queued task TASK-ID."""
    with store_of(context, store) as opened:
        status = opened.tasks.withdraw(task_id, actor=actor(context, who))
    emit(output, _task(status), lambda: f"task {status.id}: withdrawn")


@click.command()
@click.option("--reason", required=True, help="Why; it stands in every denial until `unpause`.")
@click.option("--actor", "who", metavar="NAME", help="Who pauses; default: configuration, then this user.")
@store_option
@output_option
@click.pass_context
def pause(context: click.Context, reason: str, who: str | None, store: Path | None, output: str) -> None:
    """Let no run pass cp0 or cp1 until `unpause`: the gate denies them."""
    with store_of(context, store) as opened:
        opened.pauses.pause(reason, actor=actor(context, who))
    emit(output, {"paused": True, "reason": reason}, lambda: "paused")


@click.command()
@click.option("--actor", "who", metavar="NAME", help="Who unpauses; default: configuration, then this user.")
@store_option
@output_option
@click.pass_context
def unpause(context: click.Context, who: str | None, store: Path | None, output: str) -> None:
    """Let runs pass again."""
    with store_of(context, store) as opened:
        opened.pauses.unpause(actor=actor(context, who))
    emit(output, {"paused": False}, lambda: "not paused")


@click.command()
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="Rows at most.")
@store_option
@output_option
@click.pass_context
def status(context: click.Context, limit: int, store: Path | None, output: str) -> None:
    """List active runs, written but unverified ones first, then queued tasks, then what ended."""
    with store_of(context, store, read_only=True) as opened:
        runs = sorted(opened.runs.list(limit=limit), key=_urgency)
        queued = opened.tasks.list("queued", limit=limit)
        paused = opened.pauses.current()
    document = {
        "paused": paused.model_dump(mode="json") if paused else None,
        "runs": [_run(entry) for entry in runs],
        "queued": [_task(task) for task in queued],
    }

    def text() -> str:
        lines = [f"PAUSED by {paused.actor}: {paused.reason}"] if paused else []
        lines += [_line(entry) for entry in runs]
        lines += [f"queued     task {task.id} ({task.runbook})" for task in queued]
        return "\n".join(lines) or "Nothing is queued, active or finished."

    emit(output, document, text)


def _urgency(entry: RunStatus) -> tuple[bool, bool, int]:
    return (entry.state != "active", entry.intents == 0, entry.opened_ms)


def _line(entry: RunStatus) -> str:
    written = " WRITTEN, NOT VERIFIED" if entry.state == "active" and entry.intents else ""
    where = f"at {entry.checkpoint}" if entry.state == "active" else f"{entry.seq} entries"
    return f"{entry.state:<10} run {entry.id} task {entry.task} on {entry.target_key} {where}{written}"


def _run(entry: RunStatus) -> dict[str, Any]:
    kept = ("id", "task", "runbook", "target_key", "state", "opened_ms", "deadline_ms", "seq", "head")
    document = {name: getattr(entry, name) for name in (*kept, "checkpoint", "step", "intents", "holder")}
    return {**document, "written_unverified": entry.state == "active" and entry.intents > 0}


def _task(task: TaskStatus) -> dict[str, Any]:
    kept = ("id", "runbook", "state", "run", "outcome", "submitted_ms", "not_before_ms")
    return {name: getattr(task, name) for name in kept}
