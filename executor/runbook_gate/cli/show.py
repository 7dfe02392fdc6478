"""`show RUN`: what happened in a run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import click

from runbook_gate.checkpoints import NAMES
from runbook_gate.cli.output import columns, emit, output_option
from runbook_gate.cli.recorded import run_of
from runbook_gate.cli.settings import settings, store_of, store_option
from runbook_gate.core.history import History
from runbook_gate.models.decision import Checkpoint
from runbook_gate.models.entry import Entry
from runbook_gate.packet.build import evidence_digests
from runbook_gate.packet.state import live_state
from runbook_gate.timestamps import rfc3339


@click.command()
@click.argument("run", metavar="RUN")
@store_option
@output_option
@click.pass_context
def show(context: click.Context, run: str, store: Path | str | None, output: str) -> None:
    """Tell what happened in a run.

    RUN is a run, or the task that it is of.
    """
    with store_of(settings(context, store=store), read_only=True) as opened:
        history = History(opened.runs.entries(run_of(opened, run)))
    told = summary(history)
    emit(output, told, lambda: "\n".join(_text(told)))


def summary(history: History) -> dict[str, Any]:
    """A run in one document."""
    newest, opened, live = history.newest, history.opened, live_state(history)
    decision = history.decision
    return {
        "run": newest.run,
        "task": newest.task,
        "target_key": opened.target_key,
        "state": newest.kind if history.end else "active",
        "last_checkpoint": decision.checkpoint if decision else None,
        "attempts": history.attempts_made(),
        "retry_budget": opened.routing.retry_budget,
        "resource_version": live.resource_version if live else None,
        "restored": live.restored if live else None,
        "deadline_ms": opened.deadline_ms,
        "runbook": newest.runbook,
        "policy_sha256": history.pins.content_sha256,
        "opa_version": history.pins.opa_version,
        "ledger_head": newest.sha256,
        "evidence": evidence_digests(history),
        "timeline": [_moment(entry) for entry in history.entries],
    }


def _moment(entry: Entry) -> dict[str, Any]:
    kept = {name: getattr(entry, name) for name in ("seq", "kind", "checkpoint", "attempt", "at_ms", "sha256")}
    return {**kept, "what": _what(entry)}


def _what(entry: Entry) -> str:
    tell = _TOLD.get(entry.kind)
    return tell(entry.body) if tell else f"task {entry.task}"


def _decided(body: dict[str, Any]) -> str:
    codes = f": {', '.join(body['codes'])}" if body["codes"] else ""
    return f"{body['verdict']}, next {body['next']['action']}{codes}"


_TOLD: Final[dict[str, Callable[[dict[str, Any]], str]]] = {
    "observation": lambda body: str(body["effect"]),
    "decision": _decided,
    "intent": lambda body: f"{body['action']} at resourceVersion {body['resource_version']}",
    "no_decision": lambda body: str(body["code"]),
    "escalated": lambda body: f"from {body['origin']}: {', '.join(body['codes'])}",
    "completed": lambda body: f"verified at resourceVersion {body['record']['resource_version']}",
    "repinned": lambda body: f"policy {body['pins']['content_sha256'][:16]}",
}


def _text(told: dict[str, Any]) -> Iterator[str]:
    yield f"Run {told['run']} of task {told['task']}: {told['state']}"
    facts = [
        ("target", told["target_key"]),
        ("opened", rfc3339(told["timeline"][0]["at_ms"])),
        ("last checkpoint", _checkpoint(told["last_checkpoint"])),
        ("attempts", f"{told['attempts']} of {told['retry_budget']}"),
        ("resourceVersion", told["resource_version"]),
        ("labels", _labels(told["restored"])),
        ("deadline", rfc3339(told["deadline_ms"])),
        ("runbook", told["runbook"]),
        ("policy", told["policy_sha256"]),
        ("OPA", told["opa_version"]),
        ("ledger head", told["ledger_head"]),
    ]
    yield from columns(facts, indent="  ")
    yield from ("", "Timeline")
    days = {rfc3339(moment["at_ms"])[:10] for moment in told["timeline"]}
    yield from columns([_row(moment, dated=len(days) > 1) for moment in told["timeline"]], indent="  ")
    yield from ("", "Evidence: the exact bytes of every question and answer, by SHA-256")
    yield from (f"  {digest}" for digest in told["evidence"])


def _checkpoint(named: Checkpoint | None) -> str | None:
    return f"{named} {NAMES[named]}" if named else None


def _row(moment: dict[str, Any], *, dated: bool) -> tuple[object, ...]:
    attempt = f", attempt {moment['attempt']}" if moment["attempt"] else ""
    kind = moment["kind"].replace("_", " ") + attempt
    at = rfc3339(moment["at_ms"])
    return moment["seq"], at if dated else at[11:], moment["checkpoint"], kind, moment["what"]


def _labels(restored: bool | None) -> str:
    if restored is None:
        return "not read"
    return "are the approved tuple" if restored else "are not the approved tuple"
