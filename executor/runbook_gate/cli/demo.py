"""`demo`: the main job on a local API server."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click
from rich.console import Console

from runbook_gate.cli.settings import stopping
from runbook_gate.demo.play import play


@click.command()
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where everything lies; default: a new temporary folder.",
)
def demo(folder: Path | None) -> int:
    """Do the main job on a local API server: a repair that completes, and one that an open waiver stops."""
    console = Console(highlight=False)
    chosen = folder or Path(tempfile.mkdtemp(prefix="runbook-gate-demo-"))
    chosen.mkdir(parents=True, exist_ok=True)
    with stopping() as asked:
        return play(chosen, console, asked)
