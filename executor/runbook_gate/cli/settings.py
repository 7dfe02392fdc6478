"""Options that every command has in common, over the environment, over the configuration file."""

from __future__ import annotations

import getpass
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from runbook_gate.clock import SystemClock
from runbook_gate.configuration import Settings, load
from runbook_gate.ledger import Store
from runbook_gate.session import open_store

F = TypeVar("F", bound=Callable[..., Any])
_FILE = click.Path(dir_okay=False, path_type=Path)


def store_option(command: F) -> F:
    """Adds `--store`."""
    return click.option("--store", type=_FILE, metavar="FILE", help="The ledger, an SQLite file.")(command)


def run_options(command: F) -> F:
    """Adds what a run needs."""
    for option in (
        click.option("--packet-dir", type=click.Path(file_okay=False, path_type=Path), help="For packets."),
        click.option("--bundle", type=_FILE, metavar="FILE", help="The policy bundle that decides."),
        click.option("--kubeconfig", type=_FILE, metavar="FILE", help="How the API server is reached."),
    ):
        command = option(command)
    return store_option(command)


def settings(context: click.Context, *, kubeconfig: Path | None = None, **options: Any) -> Settings:
    """The effective configuration of a command."""
    file = Path(context.obj) if context.obj else None
    found = load(file, **options)
    if kubeconfig is not None:
        found = found.model_copy(update={"cluster": found.cluster.model_copy(update={"kubeconfig": kubeconfig})})
    return found


@contextmanager
def store_of(context: click.Context, store: Path | None, *, read_only: bool = False) -> Iterator[Store]:
    """The configured ledger, open for the time of a block."""
    with open_store(settings(context, store=store), clock=SystemClock(), read_only=read_only) as opened:
        yield opened


@contextmanager
def stopping() -> Iterator[Callable[[], bool]]:
    """SIGTERM and Ctrl-C ask the run to end at its next safe point."""
    asked: list[int] = []

    def ask(number: int, _: object) -> None:
        asked.append(number)

    before = {number: signal.signal(number, ask) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield lambda: bool(asked)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def actor(context: click.Context, given: str | None) -> str:
    """Who acts: the option, else the configured submitter, else the user of this process."""
    return given or settings(context).submitter or getpass.getuser()
