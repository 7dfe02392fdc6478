"""`notifications`: what the receiver was told, and what it still has to be."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from runbook_gate.cli.output import columns, emit, output_option
from runbook_gate.cli.settings import settings, store_of, store_option
from runbook_gate.clock import SystemClock
from runbook_gate.errors import UsageFault
from runbook_gate.exit_statuses import ExitStatus
from runbook_gate.ledger import Notification, Store
from runbook_gate.notifications import Sent, retry
from runbook_gate.notifications.advice import advice
from runbook_gate.timestamps import rfc3339


@click.group()
def notifications() -> None:
    """List what the receiver was told and is still to be, and send it now."""


@notifications.command(name="list")
@click.option("--all", "all_", is_flag=True, help="Also those that were delivered.")
@click.option(
    "--limit", type=click.IntRange(1), default=100, show_default=True, metavar="N", help="How many, the oldest first."
)
@store_option
@output_option
@click.pass_context
def list_(context: click.Context, all_: bool, limit: int, store: Path | None, output: str) -> None:
    """List notifications, oldest first.

    A failing one was tried five times or more. It is still tried, once an hour at least.
    """
    chosen = settings(context, store=store)
    with store_of(chosen, read_only=True) as opened:
        found, counts = opened.outbox.list(delivered=all_, limit=limit), opened.outbox.counts()
    document = {
        "receiver": chosen.notifications.url,
        "counts": counts,
        "notifications": [asdict(one) for one in found],
    }

    def text() -> str:
        more = (sum(counts.values()) if all_ else counts["pending"] + counts["failing"]) - len(found)
        lines = columns([_HEADER, *map(_row, found)]) if found else []
        lines += [f"{more} more; see --limit."] if more else []
        lines += [] if chosen.notifications.url else ["No receiver is configured: set `notifications.url`."]
        return "\n".join([*lines, ", ".join(f"{count} {state}" for state, count in counts.items())])

    emit(output, document, text)


@notifications.command(name="retry")
@click.argument("ids", metavar="[ID]...", nargs=-1)
@click.option("--all", "all_", is_flag=True, help="Everything that was not delivered, seldom tried ones first.")
@store_option
@output_option
@click.pass_context
def retry_(context: click.Context, ids: tuple[str, ...], all_: bool, store: Path | None, output: str) -> int:
    """Send notifications now.

    The first fault that is of the receiver ends it. Of what was delivered nothing is sent again.
    """
    if all_ == bool(ids):
        raise click.UsageError("Give either IDs or --all.", context)
    chosen = settings(context, store=store)
    with store_of(chosen) as opened:
        if chosen.notifications.url is None:
            raise UsageFault(
                "No receiver is configured.", advice="Set `notifications.url` and `notifications.secret_file`."
            )
        sent = retry(opened, chosen, SystemClock(), _wanted(opened, ids))
        after = [opened.outbox.get(one) for one in dict.fromkeys(ids)] if ids else opened.outbox.list()
        left = sum(one.state != "delivered" for one in after) if ids else _undelivered(opened)
    document = {"sent": [_attempt(one) for one in sent], "undelivered": left}
    emit(
        output, document, lambda: "\n".join([*map(_told, sent), f"{left} not delivered." if left else "All delivered."])
    )
    for problem in dict.fromkeys(one.problem for one in sent if one.problem):
        click.echo(f"{problem}: {advice(problem)}", err=True)
    return ExitStatus.STOPPED if left else ExitStatus.COMPLETE


_HEADER = ("ID", "STATE", "OF", "SINCE", "RUN", "TRIES", "NEXT TRY", "LAST ERROR")


def _row(one: Notification) -> tuple[object, ...]:
    following = None if one.delivered_ms else rfc3339(one.next_try_ms)
    return one.id, one.state, one.kind, rfc3339(one.at_ms), one.run, one.attempts, following, one.last_error


def _wanted(store: Store, ids: tuple[str, ...]) -> list[Notification]:
    if ids:
        return [store.outbox.get(one) for one in dict.fromkeys(ids)]
    return sorted(store.outbox.list(limit=_undelivered(store) or 1), key=lambda one: one.attempts)


def _undelivered(store: Store) -> int:
    counts = store.outbox.counts()
    return counts["pending"] + counts["failing"]


def _attempt(sent: Sent) -> dict[str, Any]:
    found = sent.notification
    return {"id": found.id, "kind": found.kind, "run": found.run, "delivered": not sent.problem, "error": sent.problem}


def _told(sent: Sent) -> str:
    found = sent.notification
    return f"{found.id} of run {found.run} ({found.kind}): {sent.problem or 'delivered'}"
