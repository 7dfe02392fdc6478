"""Options that several commands have in common, over the environment, over the configuration file."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from runbook_gate.cli.invocation import Invocation
from runbook_gate.clock import SystemClock
from runbook_gate.configuration import Configured, Settings, configured
from runbook_gate.errors import UsageFault
from runbook_gate.ledger import Store
from runbook_gate.store_url import SCHEME
from runbook_gate.stores import open_store

F = TypeVar("F", bound=Callable[..., Any])
_FILE = click.Path(dir_okay=False, path_type=Path)


def plain_text(context: click.Context, parameter: click.Parameter, given: str | None) -> str | None:
    """A callback for what people say in an option, and records keep: one line without control characters."""
    if given is not None and not (given.isprintable() and 0 < len(given) <= 500):
        raise click.BadParameter("must be one line of 1 to 500 printable characters.", context, parameter)
    return given


class _StorePlace(click.ParamType[Any]):
    """A file's path, or a URL, which the settings check."""

    name = "place"

    def convert(self, value: Any, parameter: click.Parameter | None, context: click.Context | None) -> Any:
        return (
            value if isinstance(value, str) and value.startswith(SCHEME) else _FILE.convert(value, parameter, context)
        )


def store_option(command: F) -> F:
    """Adds `--store`."""
    told = "The ledger: an SQLite file, or the URL of a PostgreSQL database."
    return click.option("--store", type=_StorePlace(), metavar="FILE|URL", help=told)(command)


def actor_option(command: F) -> F:
    """Adds `--actor`."""
    told = "Who does it; default: `submitter` in the configuration, then this user."
    return click.option("--actor", "who", callback=plain_text, metavar="NAME", help=told)(command)


def run_options(command: F) -> F:
    """Adds what a run needs."""
    folder = click.Path(file_okay=False, path_type=Path)
    for option in (
        click.option("--packet-dir", type=folder, metavar="FOLDER", help="Where escalation packets are written to."),
        click.option("--bundle", type=_FILE, metavar="FILE", help="The policy bundle that decides."),
        click.option("--kubeconfig", type=_FILE, metavar="FILE", help="How the API server is reached."),
    ):
        command = option(command)
    return store_option(command)


def configuration(context: click.Context, *, kubeconfig: Path | None = None, **options: Any) -> Configured:
    """The effective configuration of a command, and where it comes from."""
    given = context.ensure_object(Invocation)
    return configured(given.config_file, {**options, "cluster": {"kubeconfig": kubeconfig}})


def settings(context: click.Context, **options: Any) -> Settings:
    """The effective configuration of a command."""
    return configuration(context, **options).settings


@contextmanager
def new_or_old_store(chosen: Settings) -> Iterator[Store]:
    """The configured ledger, made if it is missing, open for the time of a block."""
    with open_store(chosen, clock=SystemClock()) as opened:
        yield opened


@contextmanager
def store_of(chosen: Settings, *, read_only: bool = False) -> Iterator[Store]:
    """The configured ledger, open for the time of a block.

    Raises:
        UsageFault: there is none.
    """
    require_store(chosen)
    with open_store(chosen, clock=SystemClock(), read_only=read_only) as opened:
        yield opened


def require_store(chosen: Settings) -> None:
    """See that there is a ledger.

    Raises:
        UsageFault: there is none; a mistyped path never makes one.
    """
    if not store_exists(chosen):
        raise UsageFault(
            f"{chosen.store}: there is no ledger here.",
            advice="Name it with --store or as `store` in the configuration; `runbook-gate submit` makes a new one.",
        )


def store_exists(chosen: Settings) -> bool:
    """Whether there is a ledger; a server says so itself when it is asked."""
    return not isinstance(chosen.store, Path) or chosen.store.exists()


def actor(chosen: Settings, given: str | None) -> str:
    """Who acts: the option, else the configured submitter, else the user of this process.

    Raises:
        UsageFault: none of them has a name.
    """
    if named := given or chosen.submitter:
        return named
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user often has no name
        raise UsageFault(
            "Nobody is named, and this process's user has no name.", advice="Set `submitter` in the configuration."
        ) from None
