"""`escalations`: what people have to take over."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from runbook_gate.cli.output import columns, emit, output_option
from runbook_gate.cli.settings import actor, actor_option, plain_text, settings, store_of, store_option
from runbook_gate.ledger import Escalation
from runbook_gate.models.packet import Packet
from runbook_gate.packet.markdown import render
from runbook_gate.printable import printable
from runbook_gate.timestamps import rfc3339

_STATES = click.Choice(["open", "acknowledged", "resolved", "all"])


@click.group()
def escalations() -> None:
    """List, show, acknowledge and resolve escalations."""


@escalations.command(name="list")
@click.option("--state", type=_STATES, default="open", show_default=True, help="Which.")
@store_option
@output_option
@click.pass_context
def list_(context: click.Context, state: Any, store: Path | str | None, output: str) -> None:
    """List escalations, oldest first."""
    with store_of(settings(context, store=store), read_only=True) as opened:
        found = opened.escalations.list(state)
    none = "There is no escalation." if state == "all" else f"No escalation is {state}."
    emit(output, {"escalations": [_document(one) for one in found]}, lambda: _table(found) if found else none)


@escalations.command(name="show")
@click.argument("packet_id", metavar="ID")
@store_option
@output_option
@click.pass_context
def show_(context: click.Context, packet_id: str, store: Path | str | None, output: str) -> None:
    """Print a packet, as Markdown or as JSON."""
    with store_of(settings(context, store=store), read_only=True) as opened:
        raw, one = opened.escalations.packet(packet_id), opened.escalations.get(packet_id)

    def text() -> str:
        return "\n".join([render(Packet.model_validate_json(raw)), *_handled(one)])

    emit(output, {"packet": json.loads(raw), "handling": _document(one)}, text)


@escalations.command()
@click.argument("packet_id", metavar="ID")
@click.option("--note", callback=plain_text, metavar="TEXT", help="What is being done about it.")
@actor_option
@store_option
@output_option
@click.pass_context
def ack(
    context: click.Context, packet_id: str, note: str | None, who: str | None, store: Path | str | None, output: str
) -> None:
    """Acknowledge an escalation.

    A superseding task on its target may run then.
    """
    chosen = settings(context, store=store)
    with store_of(chosen) as opened:
        one = opened.escalations.acknowledge(packet_id, actor=actor(chosen, who), note=note or "")
    emit(output, _document(one), lambda: "\n".join(_handled(one)))


@escalations.command()
@click.argument("packet_id", metavar="ID")
@click.option("--note", callback=plain_text, metavar="TEXT", help="How it was resolved.")
@actor_option
@store_option
@output_option
@click.pass_context
def resolve(
    context: click.Context, packet_id: str, note: str | None, who: str | None, store: Path | str | None, output: str
) -> None:
    """Close an escalation that is settled."""
    chosen = settings(context, store=store)
    with store_of(chosen) as opened:
        one = opened.escalations.resolve(packet_id, actor=actor(chosen, who), note=note or "")
    emit(output, _document(one), lambda: "\n".join(_handled(one)))


def _document(one: Escalation) -> dict[str, Any]:
    kept = ("id", "run", "task", "target_key", "at_ms", "state", "acknowledged", "resolved")
    return {name: value for name, value in asdict(one).items() if name in kept}


def _table(found: list[Escalation]) -> str:
    rows = [(one.id, one.state, rfc3339(one.at_ms), one.task, one.target_key) for one in found]
    return "\n".join(columns([("ID", "STATE", "SINCE", "TASK", "TARGET"), *rows]))


def _handled(one: Escalation) -> Iterator[str]:
    yield f"Escalation {one.id} on {printable(one.target_key)} is {one.state}."
    for word, handling in (("Acknowledged", one.acknowledged), ("Resolved", one.resolved)):
        if handling:
            note = f": {printable(handling.note)}" if handling.note else ""
            yield f"{word} by {printable(handling.actor)} at {rfc3339(handling.at_ms)}{note}"
