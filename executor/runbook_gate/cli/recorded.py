"""What the command line names of the ledger's records: a run, and an input that it asked."""

from __future__ import annotations

from pathlib import Path

import click

from runbook_gate.cli.settings import store_exists, store_of
from runbook_gate.configuration import Settings
from runbook_gate.errors import UnknownRecord, UsageFault
from runbook_gate.ledger import Store
from runbook_gate.policy.inputs import Asked, by_digest, is_digest, recorded, written


def named_by_somebody(context: click.Context, parameter: click.Parameter, given: str | None) -> str | None:
    """A callback for a name on the command line: an empty one, as of an unset variable, names nothing."""
    if given is not None and not given.strip():
        raise click.BadParameter("must not be empty.", context, parameter)
    return given


def run_of(store: Store, named: str) -> str:
    """The run of this name, or of the task of this name.

    Raises:
        UnknownRecord: there is neither, or the task has no run yet.
    """
    try:
        return store.runs.status(named).id
    except UnknownRecord:
        pass
    try:
        run = store.tasks.status(named).run
    except UnknownRecord:
        raise UnknownRecord(f"There is no run and no task {named}.") from None
    if run is None:
        raise UnknownRecord(f"Task {named} has no run yet.", advice=f"Start it: runbook-gate run {named}.")
    return run


def asked(chosen: Settings, named: str) -> Asked:
    """The decision input that INPUT names; the ledger is only read.

    Raises:
        UsageFault: it names none.
        InvalidDocument: a file that holds none.
    """
    if Path(named).is_file():
        return written(Path(named))
    if not store_exists(chosen):
        raise UsageFault(
            f"{named}: there is no such file, and {chosen.store} is no ledger to look it up in.",
            advice="Name a file with a decision input, or the ledger with --store.",
        )
    with store_of(chosen, read_only=True) as store:
        if is_digest(named):
            return by_digest(store, named)
        run, colon, seq = named.partition(":")
        if not run:
            raise UsageFault(f"{named}: before the colon stands a run or a task.", advice="For example: TASK-ID:4.")
        if colon and not (seq.isascii() and seq.isdigit()):
            raise UsageFault(
                f"{named}: after the colon stands the number of an entry, such as 4.",
                advice="Leave the colon out for the newest decision.",
            )
        return recorded(store, run_of(store, run), int(seq) if seq else None)
