"""`status`: what runs, what waits, what ended."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from runbook_gate.cli.output import columns, emit, output_option
from runbook_gate.cli.queue import task_document
from runbook_gate.cli.settings import settings, store_of, store_option
from runbook_gate.ledger import RunStatus, TaskStatus
from runbook_gate.models.ledger_facts import Pause
from runbook_gate.printable import printable
from runbook_gate.timestamps import rfc3339

_ALL = 10_000


@click.command()
@click.option("--limit", type=click.IntRange(1, _ALL), default=50, show_default=True, help="Rows of each kind at most.")
@store_option
@output_option
@click.pass_context
def status(context: click.Context, limit: int, store: Path | str | None, output: str) -> None:
    """List runs and queued tasks, written but unverified runs first.

    Then come the other active runs, what ended, newest first, and the queue.
    """
    with store_of(settings(context, store=store), read_only=True) as opened:
        active = sorted(opened.runs.list("active", limit=_ALL), key=lambda run: (not unverified(run), run.opened_ms))
        ended = [run for run in opened.runs.list(limit=limit + len(active)) if run.state != "active"]
        queued = opened.tasks.list("queued", limit=limit)
        paused = opened.pauses.current()
    runs = [*active[:limit], *ended[:limit]]
    document = {
        "paused": paused.model_dump(mode="json") if paused else None,
        "runs": [_document(run) for run in runs],
        "queued": [task_document(task) for task in queued],
    }
    emit(output, document, lambda: "\n".join(_text(paused, runs, queued)))


def unverified(run: RunStatus) -> bool:
    """Whether a run wrote, or was about to, and has not shown yet that it worked."""
    return run.state == "active" and run.intents > 0


def _document(run: RunStatus) -> dict[str, Any]:
    kept = ("id", "task", "runbook", "target_key", "state", "opened_ms", "deadline_ms", "seq", "head")
    document = {name: getattr(run, name) for name in (*kept, "checkpoint", "step", "intents", "holder")}
    return {**document, "written_unverified": unverified(run)}


def _text(paused: Pause | None, runs: Sequence[RunStatus], queued: Sequence[TaskStatus]) -> Iterator[str]:
    if paused:
        yield f"PAUSED by {printable(paused.actor)} since {rfc3339(paused.since_ms)}: {printable(paused.reason)}"
    rows = [(_state(run), run.task, run.target_key, run.id, _where(run)) for run in runs]
    rows += [("queued", task.id, task.runbook, "-", _due(task)) for task in queued]
    if rows:
        yield from columns([("STATE", "TASK", "TARGET", "RUN", ""), *rows])
    else:
        yield "Nothing is queued, active or finished."


def _state(run: RunStatus) -> str:
    return "UNVERIFIED" if unverified(run) else run.state


def _where(run: RunStatus) -> str:
    if run.state != "active":
        return f"opened {rfc3339(run.opened_ms)}"
    wrote = "written, not verified, " if unverified(run) else ""
    return f"{wrote}at {run.checkpoint or 'cp0'}, deadline {rfc3339(run.deadline_ms)}"


def _due(task: TaskStatus) -> str:
    waits = task.not_before_ms > task.submitted_ms
    return f"not before {rfc3339(task.not_before_ms)}" if waits else f"submitted {rfc3339(task.submitted_ms)}"
