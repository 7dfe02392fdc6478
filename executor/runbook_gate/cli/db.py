"""`db`: the tables of the store, and what a new release changes in them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from runbook_gate.cli.output import emit, output_option
from runbook_gate.cli.settings import require_store, settings, store_option
from runbook_gate.clock import SystemClock
from runbook_gate.configuration import Settings
from runbook_gate.exit_statuses import ExitStatus
from runbook_gate.ledger.migrations import Examined, Revision, alone, examine, looking, upgrade
from runbook_gate.ledger.versions import NEWER, UPGRADE, require_current
from runbook_gate.stores import store_place


@click.group()
def db() -> None:
    """Check and upgrade the tables of the store."""


@db.command("check")
@store_option
@output_option
@click.pass_context
def check_command(context: click.Context, store: Path | str | None, output: str) -> int:
    """Compare the tables of the store with those that this release needs.

    Version, tables, columns, indexes, constraints and triggers. Nothing is changed. 0 if they are the same, else 13.
    """
    chosen = _chosen(context, store)
    found = _examined(chosen)
    document = {**_document(chosen, found), "current": found.current, "differences": list(found.differences)}
    emit(output, {**document, "advice": _advice(found)}, lambda: "\n".join(_told(chosen, found)))
    return ExitStatus.COMPLETE if found.current else ExitStatus.LEDGER


@db.command("upgrade")
@click.option("--plan", "only_plan", is_flag=True, help="Say what would be done, and change nothing.")
@store_option
@output_option
@click.pass_context
def upgrade_command(context: click.Context, only_plan: bool, store: Path | str | None, output: str) -> None:
    """Make the tables of the store those that this release needs.

    All of it or nothing, while no other process has the store open. An empty PostgreSQL database gets its tables by
    this command. Start it as the role that owns the tables, and back the store up before.
    """
    chosen = _chosen(context, store)
    before = _examined(chosen)
    if before.version is not None and not before.lacking:
        require_current(before.version, chosen.store)
    upgraded = bool(before.lacking) and not only_plan
    click.echo(_standing(chosen, before), err=True)
    if upgraded:
        with alone(store_place(chosen)) as connection:
            upgrade(
                connection, chosen.store, SystemClock(), told=lambda revision: click.echo(_line(revision), err=True)
            )
    emit(output, {**_document(chosen, before), "upgraded": upgraded}, lambda: _outcome(before, upgraded))


def _chosen(context: click.Context, store: Path | str | None) -> Settings:
    chosen = settings(context, store=store)
    require_store(chosen)
    return chosen


def _examined(chosen: Settings) -> Examined:
    with looking(store_place(chosen)) as connection:
        return examine(connection, chosen.store)


def _document(chosen: Settings, found: Examined) -> dict[str, Any]:
    lacking = [{"revision": revision.id, "title": revision.title} for revision in found.lacking]
    return {"store": str(chosen.store), "version": found.version, "needed": found.newest, "revisions": lacking}


def _standing(chosen: Settings, found: Examined) -> str:
    held = "no tables" if found.version is None else f"version {found.version} of the tables"
    return f"{chosen.store}: {held}, this program needs {found.newest}."


def _line(revision: Revision) -> str:
    return f"  {revision.id}  {revision.title}"


def _told(chosen: Settings, found: Examined) -> list[str]:
    lines = [_standing(chosen, found), *map(_line, found.lacking), *found.differences]
    return lines if found.current else [*lines, str(_advice(found))]


def _advice(found: Examined) -> str | None:
    if found.current:
        return None
    if found.lacking:
        return UPGRADE
    return _CHANGED if found.differences else NEWER


_CHANGED = "Somebody changed the tables by other means: compare the store with a backup before anything else runs."


def _outcome(before: Examined, upgraded: bool) -> str:
    if upgraded:
        return f"Upgraded to version {before.newest}. Nothing of the record was changed; `ledger verify` shows it."
    return "\n".join(["Would do:", *map(_line, before.lacking)]) if before.lacking else "There is nothing to do."
