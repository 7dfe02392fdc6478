"""Options that select recorded decisions."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final, TypeVar

import click

from runbook_gate.replay.report.directions import VERDICTS
from runbook_gate.replay.selection import Selection
from runbook_gate.timestamps import rfc3339_ms

F = TypeVar("F", bound=Callable[..., Any])
_CHECKPOINTS: Final = ("cp0", "cp1", "cp2", "cp3", "cp4")


def moment(context: click.Context, parameter: click.Parameter, given: str | None) -> int | None:
    """A callback for a moment: a day, or a time in UTC."""
    if given is None:
        return None
    day = re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", given)
    found = rfc3339_ms(f"{given}T00:00:00Z" if day else given)
    if found is None:
        raise click.BadParameter("expected a day, or a time in UTC such as 2026-03-01T12:00:00Z.", context, parameter)
    return found


def selection_options(command: F) -> F:
    """Adds what `selection_of` reads."""
    for option in (
        click.option("--checkpoint", multiple=True, type=click.Choice(_CHECKPOINTS), help="Asked at this checkpoint."),
        click.option("--code", multiple=True, metavar="CODE", help="With this denial code."),
        click.option("--verdict", multiple=True, type=click.Choice(VERDICTS), help="With this recorded verdict."),
        click.option("--target", metavar="TARGET", help="About this target: its key, or the last part of it."),
        click.option("--policy", metavar="DIGEST", help="Taken under the policies whose content digest begins so."),
        click.option("--revision", metavar="REVISION", help="Of this revision of a runbook, such as v3."),
        click.option("--runbook", metavar="RUNBOOK", help="Of this runbook, with or without its revision."),
        click.option("--until", metavar="TIME", callback=moment, help="Recorded before this moment."),
        click.option("--since", metavar="TIME", callback=moment, help="Recorded at this moment or later."),
    ):
        command = option(command)
    return command


def selection_of(run: str | None, options: dict[str, Any]) -> Selection:
    """What the options select; what may be repeated admits any of its values."""
    return Selection(
        run=run,
        since_ms=options["since"],
        until_ms=options["until"],
        runbook=options["runbook"],
        revision=options["revision"],
        policy=options["policy"],
        target=options["target"],
        verdicts=frozenset(options["verdict"]),
        codes=frozenset(options["code"]),
        checkpoints=frozenset(options["checkpoint"]),
    )
