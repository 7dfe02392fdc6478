"""Which runs a question is about, on the command line, and reading them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from runbook_gate.cli.progress import progress
from runbook_gate.cli.selecting import moment
from runbook_gate.cli.settings import settings, store_of
from runbook_gate.exit_statuses import ExitStatus
from runbook_gate.ledger import Store
from runbook_gate.queries.people import People
from runbook_gate.queries.records import Told, Untold, read
from runbook_gate.queries.rows import Row, selected
from runbook_gate.queries.selection import RunSelection

F = TypeVar("F", bound=Callable[..., Any])


def digits(context: click.Context, parameter: click.Parameter, given: str | None) -> str | None:
    """A callback for a digest, or its beginning."""
    if given is not None and not re.fullmatch(r"[0-9a-f]{8,64}", given):
        raise click.BadParameter("expected 8 to 64 hexadecimal digits.", context, parameter)
    return given


def when(command: F) -> F:
    """Adds options that say of which time."""
    for option in (
        click.option("--until", "until_ms", metavar="TIME", callback=moment, help="Runs opened before this moment."),
        click.option("--since", "since_ms", metavar="TIME", callback=moment, help="Runs opened then or later."),
    ):
        command = option(command)
    return command


def which(command: F) -> F:
    """Adds options that say which runs."""
    outcomes = click.Choice(("active", "complete", "escalated"))
    for option in (
        click.option("--actor", metavar="NAME", help="Submitted, approved, acknowledged or resolved by this name."),
        click.option("--code", "codes", multiple=True, metavar="CODE", help="With this denial code in a decision."),
        click.option("--target", metavar="TARGET", help="About this target: its key, or the last part of it."),
        click.option("--policy", metavar="DIGEST", callback=digits, help="Pinned to policies whose digest begins so."),
        click.option("--revision", metavar="REVISION", help="Of this revision of a runbook, such as v3."),
        click.option("--runbook", metavar="RUNBOOK", help="Of this runbook, with or without its revision."),
        click.option("--outcome", "outcomes", multiple=True, type=outcomes, help="How it ended. May be repeated."),
    ):
        command = option(command)
    return command


def selection_of(options: dict[str, Any]) -> RunSelection:
    """What the options select; what may be repeated admits any of its values."""
    several: dict[str, Any] = {name: frozenset(options[name]) for name in ("outcomes", "codes") if name in options}
    plain: dict[str, Any] = {**options, **several}
    return RunSelection(**plain)


@contextmanager
def each_run(
    context: click.Context, store: Path | str | None
) -> Iterator[tuple[Store, People, Iterator[Told | Untold]]]:
    """The store, who had to do with its runs, and the runs, oldest first, under a progress bar."""
    with store_of(settings(context, store=store), read_only=True) as opened:
        people = People(opened.reading.journal(("paused", "unpaused", "acknowledged", "resolved")))
        yield opened, people, progress(read(opened.reading), opened.reading.count_runs(), "reading runs")


def status_of(unreadable: int) -> ExitStatus:
    """What the process ends with, after so many runs that cannot be read."""
    if unreadable:
        click.echo(f"Runs that cannot be read: {unreadable}; see `runbook-gate ledger verify`.", err=True)
    return ExitStatus.LEDGER if unreadable else ExitStatus.COMPLETE


def each(
    context: click.Context,
    store: Path | str | None,
    selection: RunSelection,
    of: Callable[[Told], Iterator[Row]],
) -> tuple[list[Row], int]:
    """Rows of every selected run, and how many runs cannot be read."""
    found, unreadable = list[Row](), 0
    with each_run(context, store) as (_, people, every):
        for run in selected(every, people, selection):
            unreadable += isinstance(run, Untold)
            found += of(run) if isinstance(run, Told) else ()
    return found, unreadable
