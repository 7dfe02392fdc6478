"""`metrics_file`: what a start leaves for node_exporter's textfile collector."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeVar

import click

from runbook_gate.cli.faults import understood
from runbook_gate.cli.settings import store_of
from runbook_gate.clock import SystemClock
from runbook_gate.configuration import Settings
from runbook_gate.errors import RunbookGateError
from runbook_gate.exit_statuses import ExitStatus
from runbook_gate.gate.bundle import Bundle
from runbook_gate.printable import printable

F = TypeVar("F", bound=Callable[..., Any])


def metrics_option(command: F) -> F:
    """Adds `--metrics-file`."""
    told = "Written when the command ends, for node_exporter's textfile collector."
    file = click.Path(dir_okay=False, path_type=Path)
    return click.option("--metrics-file", type=file, metavar="FILE", help=told)(command)


def metered(chosen: Settings, act: Callable[[], ExitStatus]) -> ExitStatus:
    """Do something, and leave the metrics file however it ends.

    A file that cannot be written is told on stderr: a run is not stopped for it, and its exit status stays.
    """
    if chosen.metrics_file is None:
        return act()
    status = ExitStatus.UNEXPECTED
    try:
        status = act()
    except BaseException as fault:
        status = understood(fault).status
        raise
    finally:
        _leave(chosen, chosen.metrics_file, status)
    return status


def _leave(chosen: Settings, path: Path, status: ExitStatus) -> None:
    from runbook_gate.metrics import textfile  # noqa: PLC0415 - only who asked for it waits for it

    with ExitStack() as stack:
        try:
            store = stack.enter_context(store_of(chosen, read_only=True))
        except RunbookGateError:
            store = None  # told by the command itself, and by `store_up`
        now_ms, digest = SystemClock().read().at_ms, revision(chosen)
        said = textfile.text(
            store,
            at_ms=now_ms,
            status=status,
            revision=digest,
            packet_dir=chosen.packet_dir,
            receiver=chosen.notifications.url is not None,
        )
    try:
        textfile.write(path, said)
    except OSError as fault:
        told = f"metrics_file {path}: {fault.strerror}. The run is not affected; make its folder writable."
        click.echo(printable(told), err=True)


def revision(chosen: Settings) -> str | None:
    """Content digest of the configured bundle; None if it cannot be read, which is told elsewhere."""
    try:
        return Bundle.read(chosen.bundle).content_sha256 if chosen.bundle else None
    except RunbookGateError:
        return None  # likewise
