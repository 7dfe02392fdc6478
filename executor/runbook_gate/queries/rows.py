"""Runs as flat rows: the same for a table, JSON and CSV. Moments are in fields that end in `_ms`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from runbook_gate.core.history import History
from runbook_gate.models.entry import Entry
from runbook_gate.packet.build import attempts
from runbook_gate.queries.people import People
from runbook_gate.queries.records import Told, Untold
from runbook_gate.queries.selection import RunSelection, begins
from runbook_gate.shapes import mapping, sequence

Row = dict[str, Any]
_UNREADABLE = "unreadable"


def selected(runs: Iterable[Told | Untold], people: People, selection: RunSelection) -> Iterator[Told | Untold]:
    """The runs that a selection admits, and those of which nobody can say it."""
    for run in runs:
        if selection.admits(run, people.of(run) if isinstance(run, Told) else {}):
            yield run


def of_run(run: Told | Untold, people: People) -> Row:
    """One run: what, when, how it ended, under which policies, and who had to do with it."""
    head = {"run": run.id, "runbook": run.runbook, "target": run.target_key}
    if isinstance(run, Untold):
        return {**head, "outcome": _UNREADABLE, "fault": run.why}
    history, who = run.history, people.of(run)
    return {
        **head,
        "outcome": run.state,
        "fault": None,
        "task": history.newest.task,
        "opened_ms": run.opened_ms,
        "ended_ms": run.ended_ms,
        "attempts": history.attempts_made(),
        "checkpoint": history.decision.checkpoint if history.decision else None,
        "codes": run.codes,
        "policies": [pins.content_sha256 for _, pins in run.policies],
        **{what: who.get(what) for what in ("submitted", "prequalified", "acted", "acknowledged", "resolved")},
    }


def of_writes(run: Told) -> Iterator[Row]:
    """The writes to a run's namespace: its own, and what its look-ups found of others in the audit log."""
    history, task = run.history, run.history.opened.task
    head = {"cluster": task.cluster_id, "namespace": task.namespace, "run": run.id, "task": task.id}
    events = _events(history)
    for made in attempts(history):
        event = events.pop(made.audit_id, None)
        yield {
            **head,
            "at_ms": made.intended_ms,
            "by": "executor",
            "attempt": made.attempt,
            "outcome": made.outcome,
            "resource_version": made.resource_version,
            "audit_id": made.audit_id,
            "audit_event": event is not None,
            "labels": _intent(history, made.audit_id).body["labels"],
        }
    for audit_id, event in sorted(events.items(), key=lambda item: (item[1].get("stage_ms") or 0, item[0])):
        yield {
            **head,
            "at_ms": event.get("received_ms") or event.get("stage_ms"),
            "by": event.get("username"),
            "attempt": None,
            "outcome": str(event.get("code")),
            "resource_version": event.get("resource_version"),
            "audit_id": audit_id,
            "audit_event": True,
            "labels": mapping(event.get("change")).get("labels"),
        }


def _intent(history: History, sha256: str) -> Entry:
    return next(entry for entry in history.entries if entry.sha256 == sha256)


def _events(history: History) -> dict[str, Mapping[str, Any]]:
    """Writes to the namespace that observations saw in the audit log, each once."""
    answers = [mapping(entry.body.get("audit")) for entry in history.entries if entry.kind == "observation"]
    found = (mapping(event) for answer in answers for event in sequence(answer.get("writes")))
    return {str(event.get("audit_id")): event for event in found if not event.get("dry_run")}


def of_retries(run: Told) -> Iterator[Row]:
    """Each decision that let a run try its write again, with its reason and what came of it."""
    history = run.history
    made = attempts(history)
    for entry in history.entries:
        if entry.kind != "decision" or entry.body["verdict"] != "retry":
            continue
        before = [one for one in made if _intent(history, one.audit_id).seq < entry.seq]
        after = [one for one in made if _intent(history, one.audit_id).seq > entry.seq]
        yield {
            "run": run.id,
            "task": entry.task,
            "target": run.target_key,
            "at_ms": entry.at_ms,
            "step": entry.step,
            "checkpoint": entry.checkpoint,
            "attempt": before[-1].attempt if before else None,
            "outcome": before[-1].outcome if before else None,
            "reason": entry.body["codes"],
            "next_attempt": after[0].attempt if after else None,
            "next_outcome": after[0].outcome if after else None,
            "run_outcome": run.state,
        }


def of_policy(run: Told, digits: str) -> Iterator[Row]:
    """Each time that a run went on under a policy, and the decisions that this policy took in it."""
    starts = [seq for seq, _ in run.policies[1:]]
    for (first, pins), last in zip(run.policies, [*starts, run.history.newest.seq + 1], strict=True):
        if not begins(pins, digits):
            continue
        own = [e for e in run.history.entries if e.kind == "decision" and first <= e.seq < last]
        yield {
            "run": run.id,
            "task": run.history.newest.task,
            "runbook": run.runbook,
            "target": run.target_key,
            "outcome": run.state,
            "from_seq": first,
            "decisions": len(own),
            "first_ms": own[0].at_ms if own else None,
            "last_ms": own[-1].at_ms if own else None,
            "content_sha256": pins.content_sha256,
            "bundle_sha256": pins.bundle_sha256,
            "opa_version": pins.opa_version,
        }
