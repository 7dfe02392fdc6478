"""Whether what an ended run left is complete: its retry ledger, and its packet or completion record."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Final

from jsonschema import Draft202012Validator
from jsonschema.protocols import Validator

from runbook_gate import resources
from runbook_gate.core.history import AttemptEntries, History
from runbook_gate.packet.doubting import disagreement
from runbook_gate.queries.records import Told
from runbook_gate.shapes import parse_object

_RECORDS: Final = {"complete": "completion_record", "escalated": "escalation_packet"}


@cache
def _schema(name: str) -> Validator:
    return Draft202012Validator(resources.schema(name))


def gaps(run: Told, record: bytes | None, evidence: Callable[[str], bytes | None]) -> Iterator[str]:
    """What is missing, or not as its schema says.

    Args:
        run: a run that ended.
        record: its packet or completion record; None if there is none.
        evidence: bytes by digest; None for what is not kept.
    """
    yield from _entries(run.history)
    for step in run.history.opened.routing.steps:
        made = run.history.attempts(step)
        for number, attempt in enumerate(made, start=1):
            following = made[number].intent.seq if number < len(made) else None
            yield from _attempt(run.history, attempt, number, following)
    name = _RECORDS[run.state]
    if record is None:
        yield f"{name} is not kept"
        return
    if not _schema(name).is_valid(parse_object(record)):
        yield f"{name} is not as its schema says"
    elif why := disagreement(run.history, record, evidence):
        yield f"{name} {why}"


def _entries(history: History) -> Iterator[str]:
    for entry in history.entries:
        if not _schema("ledger_entry").is_valid(entry.model_dump(mode="json", by_alias=True)):
            yield f"entry {entry.seq} is not as its schema says"


def _attempt(history: History, attempt: AttemptEntries, number: int, following: int | None) -> Iterator[str]:
    """An attempt is accounted for by what was seen after it, or told as in doubt; another one has a reason."""
    seq, step = attempt.intent.seq, attempt.intent.step
    later = [entry for entry in history.entries[seq:following] if entry.step == step]
    if attempt.intent.attempt is None:
        yield f"intent {seq} has no attempt"
    in_doubt = following is None and history.newest.body.get("write_in_doubt")
    if not any(entry.kind == "observation" for entry in later) and not in_doubt:
        yield f"attempt {number} has no outcome and is not told as in doubt"
    retries = [entry for entry in later if entry.kind == "decision" and entry.body["verdict"] == "retry"]
    if following is not None and not (retries and retries[0].body["codes"]):
        yield f"attempt {number} has no reason to be followed by another"
