"""`store`: an SQLite store as one file elsewhere, and back; and what a restored store of any kind has to know."""

from __future__ import annotations

from pathlib import Path

import click

from runbook_gate.cli.output import emit, output_option
from runbook_gate.cli.progress import counted, progress
from runbook_gate.cli.settings import actor, actor_option, require_store, settings, store_of, store_option
from runbook_gate.cli.workers import workers_option
from runbook_gate.clock import SystemClock
from runbook_gate.configuration import Settings
from runbook_gate.ledger.backups import Backup, Copier, Restored
from runbook_gate.ledger.copying import Copied
from runbook_gate.stores import program

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.group()
def store() -> None:
    """Back up an SQLite store, restore one, mark any as restored."""


@store.command("backup")
@click.argument("file", type=_FILE, metavar="FILE")
@workers_option
@store_option
@output_option
@click.pass_context
def backup_command(context: click.Context, file: Path, workers: int, store: Path | str | None, output: str) -> None:
    """Copy the store, as it is at one moment, into a new file.

    Executors go on meanwhile. The copy gets its name when its chains have been found consistent and it is durable.
    """
    chosen = settings(context, store=store)
    place = chosen.store_file
    require_store(chosen)
    with counted("copying") as copied:
        made = _copier(chosen, copied, workers).back_up(place, file)
    runs = len(made.found.chains) - 1
    document = {"file": str(file), "bytes": made.size, "sha256": made.sha256, "runs": runs, "result": made.found.result}
    emit(output, document, lambda: _told(file, made))


@store.command("restore")
@click.argument("file", type=_FILE, metavar="FILE")
@actor_option
@workers_option
@store_option
@output_option
@click.pass_context
def restore_command(
    context: click.Context, file: Path, who: str | None, workers: int, store: Path | str | None, output: str
) -> None:
    """Make the store of a backup, where no store is.

    It is verified first, and upgraded if an older release made it. What was recorded after the backup is missing, and
    attempts to write may be among it: so no task that was submitted before will write again. Its run ends with a
    packet; submit the task again with another id once you have looked.
    """
    chosen = settings(context, store=store)
    place = chosen.store_file
    with counted("copying") as copied:
        made = _copier(chosen, copied, workers).restore(file, place, actor=actor(chosen, who))
    document = {"store": str(chosen.store), "backup_sha256": made.backup_sha256, "result": made.found.result}
    emit(output, {**document, "tasks": made.tasks}, lambda: "\n".join(_warned(chosen, made)))


@store.command("mark-restored")
@actor_option
@store_option
@output_option
@click.pass_context
def mark_restored_command(context: click.Context, who: str | None, store: Path | str | None, output: str) -> None:
    """Record that the store was restored by other means, as `store restore` does.

    Before anything else runs: after pg_restore, a recovery to a point in time, or a file that was copied back. No task
    that was submitted before will write again.
    """
    chosen = settings(context, store=store)
    with store_of(chosen) as opened:
        tasks = opened.restorations.record(actor=actor(chosen, who), backup_sha256=None)
    emit(output, {"store": str(chosen.store), "tasks": tasks}, lambda: "\n".join(_lost(tasks)))


def _copier(chosen: Settings, copied: Copied, workers: int) -> Copier:
    return Copier(SystemClock(), program(chosen), copied, progress, workers)


def _told(file: Path, made: Backup) -> str:
    return f"{file}: {made.found.result}, {len(made.found.chains) - 1} run(s), sha256 {made.sha256}"


def _warned(chosen: Settings, made: Restored) -> list[str]:
    return [f"{chosen.store}: {made.found.result}, {len(made.found.chains) - 1} run(s).", *_lost(made.tasks)]


def _lost(tasks: list[str]) -> list[str]:
    return [
        "What was recorded after the backup is missing, and attempts to write may be among it.",
        f"Not finished in it, and never to write again: {', '.join(tasks) or 'no task'}.",
        "Now: `runbook-gate ledger verify --heads FILE` and `runbook-gate ledger reconcile --audit FILE` say what is",
        "missing; `runbook-gate run --next` ends the runs of those tasks; submit what is still wanted with a new id.",
    ]
