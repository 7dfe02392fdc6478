"""`show RUN`: what happened in a run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click

from runbook_gate.cli.output import emit, output_option
from runbook_gate.cli.settings import store_of, store_option
from runbook_gate.core.history import History
from runbook_gate.errors import UnknownRecord
from runbook_gate.models.entry import Entry
from runbook_gate.packet.build import evidence_digests
from runbook_gate.packet.markdown import rfc3339
from runbook_gate.packet.state import live_state


@click.command()
@click.argument("run", metavar="RUN")
@store_option
@output_option
@click.pass_context
def show(context: click.Context, run: str, store: Path | None, output: str) -> None:
    """Tell what happened in RUN (a run, or the task that it is of)."""
    with store_of(context, store, read_only=True) as opened:
        try:
            entries = opened.runs.entries(run)
        except UnknownRecord:
            of_task = opened.tasks.status(run).run
            if of_task is None:
                raise UnknownRecord(f"Task {run} has no run yet.") from None
            entries = opened.runs.entries(of_task)
    history = History(entries)
    emit(output, summary(history), lambda: _text(history))


def summary(history: History) -> dict[str, Any]:
    """A run in one document."""
    newest, opened, live = history.newest, history.opened, live_state(history)
    decision = history.decision
    return {
        "run": newest.run,
        "task": newest.task,
        "runbook": newest.runbook,
        "target_key": opened.target_key,
        "state": newest.kind if history.end else "active",
        "last_checkpoint": decision.checkpoint if decision else None,
        "attempts": history.attempts_made(),
        "retry_budget": opened.routing.retry_budget,
        "resource_version": live.resource_version if live else None,
        "restored": live.restored if live else None,
        "deadline_ms": opened.deadline_ms,
        "policy_sha256": history.pins.content_sha256,
        "opa_version": history.pins.opa_version,
        "ledger_head": newest.sha256,
        "evidence": evidence_digests(history),
        "timeline": [_moment(entry) for entry in history.entries],
    }


def _moment(entry: Entry) -> dict[str, Any]:

    kept = {name: getattr(entry, name) for name in ("seq", "kind", "checkpoint", "attempt", "sha256")}
    return {"at": rfc3339(entry.at_ms), **kept, "what": _what(entry)}


def _what(entry: Entry) -> str:
    tell = _TOLD.get(entry.kind)
    return tell(entry.body) if tell else f"task {entry.task}"


def _decided(body: dict[str, Any]) -> str:
    codes = f" ({', '.join(body['codes'])})" if body["codes"] else ""
    return f"{body['verdict']}, next {body['next']['action']}{codes}"


_TOLD: Final[dict[str, Callable[[dict[str, Any]], str]]] = {
    "observation": lambda body: str(body["effect"]),
    "decision": _decided,
    "intent": lambda body: f"{body['action']} at resourceVersion {body['resource_version']}",
    "no_decision": lambda body: str(body["code"]),
    "escalated": lambda body: f"origin {body['origin']}: {', '.join(body['codes'])}",
    "completed": lambda body: f"verified at resourceVersion {body['record']['resource_version']}",
    "repinned": lambda body: f"policy {body['pins']['content_sha256'][:16]}",
}


def _text(history: History) -> str:
    told = summary(history)
    head = [f"{key.replace('_', ' ')}: {told[key]}" for key in told if key not in {"timeline", "evidence"}]
    rows = [
        f"{m['at']}  {m['seq']:>3} {m['checkpoint'] or '   '} {m['kind']:<11} {m['what']}  {m['sha256'][:12]}"
        for m in told["timeline"]
    ]
    evidence = [f"evidence: {digest}" for digest in told["evidence"]]
    return "\n".join([*head, *evidence, "", *rows])
