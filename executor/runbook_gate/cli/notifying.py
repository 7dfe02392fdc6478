"""What is due to the receiver of notifications is sent when a command has done its work; nothing depends on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import click

from runbook_gate.cli.signals import Signals
from runbook_gate.clock import SystemClock
from runbook_gate.configuration import Settings
from runbook_gate.errors import RunbookGateError
from runbook_gate.ledger import Store
from runbook_gate.notifications import notify_due
from runbook_gate.notifications.advice import advice
from runbook_gate.printable import printable
from runbook_gate.wire.giving_up import Interrupted


@dataclass
class Notifying:
    """What the block says meanwhile.

    Attributes:
        first: the run whose own notification comes first.
    """

    first: str | None = None


@contextmanager
def notifying(chosen: Settings, store: Store, signals: Signals) -> Iterator[Notifying]:
    """Notify when the block has ended, well or not. What goes wrong then is told, and changes no exit status."""
    said = Notifying()
    try:
        yield said
    except Exception:
        _notify(chosen, store, signals, said)
        raise
    _notify(chosen, store, signals, said)


def _notify(chosen: Settings, store: Store, signals: Signals, said: Notifying) -> None:
    try:
        sent = notify_due(
            store, chosen, SystemClock(), first=said.first, stopping=signals.asked, awaiting=signals.awaiting
        )
    except Interrupted:  # it was asked to stop: the next process goes on
        return
    except RunbookGateError as fault:
        click.echo(printable(f"Notifications: {fault} {fault.advice}"), err=True)
        return
    for one in sent:
        if one.problem:
            told = f"Notification {one.notification.id} was not delivered: {one.problem}. {advice(one.problem)}"
            click.echo(f"{told} It is tried again; see `runbook-gate notifications list`.", err=True)
