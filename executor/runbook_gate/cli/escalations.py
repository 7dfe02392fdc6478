"""`escalations`: what people have to take over."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from runbook_gate.cli.output import emit, output_option
from runbook_gate.cli.settings import actor, store_of, store_option
from runbook_gate.ledger import Escalation
from runbook_gate.models.packet import Packet
from runbook_gate.packet.markdown import render


@click.group()
def escalations() -> None:
    """List, show, acknowledge and resolve escalations."""


@escalations.command(name="list")
@click.option(
    "--state",
    type=click.Choice(["open", "acknowledged", "resolved", "all"]),
    default="open",
    show_default=True,
    help="Which.",
)
@store_option
@output_option
@click.pass_context
def list_(context: click.Context, state: Any, store: Path | None, output: str) -> None:
    """List escalations."""
    with store_of(context, store, read_only=True) as opened:
        found = opened.escalations.list(state)
    rows = [_document(one) for one in found]
    emit(output, rows, lambda: "\n".join(_line(one) for one in found) or f"No escalation is {state}.")


@escalations.command(name="show")
@click.argument("packet_id", metavar="ID")
@store_option
@output_option
@click.pass_context
def show_(context: click.Context, packet_id: str, store: Path | None, output: str) -> None:
    """Print the packet ID."""
    with store_of(context, store, read_only=True) as opened:
        raw = opened.escalations.packet(packet_id)
    emit(output, json.loads(raw), lambda: render(Packet.model_validate_json(raw)))


@escalations.command()
@click.argument("packet_id", metavar="ID")
@click.option("--note", default="", help="What is being done about it.")
@click.option("--actor", "who", metavar="NAME", help="Who; default: configuration, then this user.")
@store_option
@output_option
@click.pass_context
def ack(context: click.Context, packet_id: str, note: str, who: str | None, store: Path | None, output: str) -> None:
    """Acknowledge ID, so that a superseding task on its target may run."""
    with store_of(context, store) as opened:
        one = opened.escalations.acknowledge(packet_id, actor=actor(context, who), note=note)
    emit(output, _document(one), lambda: _line(one))


@escalations.command()
@click.argument("packet_id", metavar="ID")
@click.option("--note", default="", help="How it was resolved.")
@click.option("--actor", "who", metavar="NAME", help="Who; default: configuration, then this user.")
@store_option
@output_option
@click.pass_context
def resolve(
    context: click.Context, packet_id: str, note: str, who: str | None, store: Path | None, output: str
) -> None:
    """Close ID."""
    with store_of(context, store) as opened:
        one = opened.escalations.resolve(packet_id, actor=actor(context, who), note=note)
    emit(output, _document(one), lambda: _line(one))


def _document(one: Escalation) -> dict[str, Any]:
    return {name: getattr(one, name) for name in ("id", "run", "task", "target_key", "state", "at_ms")}


def _line(one: Escalation) -> str:
    return f"{one.state:<13} {one.id} run {one.run} on {one.target_key}"
