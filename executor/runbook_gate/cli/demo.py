"""`demo`: the main job on a local API server."""

from __future__ import annotations

import tempfile
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console

from runbook_gate.cli.output import emit, output_option
from runbook_gate.demo import play
from runbook_gate.errors import UsageFault
from runbook_gate.exit_statuses import ExitStatus


@click.command()
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Where everything lies, a new or empty folder; default: a temporary one. It is kept.",
)
@output_option
def demo(folder: Path | None, output: str) -> int:
    """Do the main job on a local API server.

    A repair that completes, and one that an open waiver stops. What it starts is stopped at the end, after Ctrl-C too.
    """
    console = Console(stderr=output == "json", highlight=False)
    played = play(_folder(folder), console)
    if output == "json":
        emit(output, {**asdict(played), "folder": str(played.folder)}, str)
    return ExitStatus.COMPLETE if played.as_expected else ExitStatus.UNEXPECTED


def _folder(given: Path | None) -> Path:
    if given is None:
        return Path(tempfile.mkdtemp(prefix="runbook-gate-demo-"))
    try:
        given.mkdir(mode=0o700, parents=True, exist_ok=True)
        empty = not any(given.iterdir())
    except OSError as fault:
        raise UsageFault(f"--folder {given}: {fault.strerror}.") from None
    if not empty:
        raise UsageFault(f"--folder {given}: it is not empty.", advice="Name a new folder.")
    return given.resolve()
