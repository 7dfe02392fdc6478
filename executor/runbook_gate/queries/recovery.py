"""Runs that something interrupted between an intent and cp3's proceed, and whether they wrote twice without knowing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, Final

from runbook_gate.core.history import History
from runbook_gate.models.entry import Entry

_FAILED: Final = 500
_TOO_MANY: Final = 429


def interrupted(history: History) -> list[str]:
    """What interrupted a run between an intent and cp3's proceed of its step, each kind once.

    Args:
        history: the run.

    Returns:
        `another process` where a lease changed hands: the process before it died, was stopped, or let go to wait;
        `api failure` where a request to an API server got no answer, or one of 5xx or 429. Nothing if neither.
    """
    found = set[str]()
    for window in _windows(history):
        if any(before.lease != after.lease for before, after in pairwise(window)):
            found.add("another process")
        if any(_failed(entry.body) for entry in window if entry.kind == "observation"):
            found.add("api failure")
    return sorted(found)


def written_once(history: History) -> str | None:
    """Whether each write of a step was resolved before the next; None if so, else where not.

    Args:
        history: the run.
    """
    for step in history.opened.routing.steps:
        intents = [made.intent for made in history.attempts(step)]
        for first, second in pairwise(intents):
            if not any(_resolves(entry, step) for entry in history.entries[first.seq : second.seq - 1]):
                return f"write {second.seq} was intended before that of {first.seq} was resolved"
    return None


def _resolves(entry: Entry, step: str) -> bool:
    decided = (entry.kind, entry.checkpoint, entry.step) == ("decision", "cp2", step)
    return decided and entry.body["verdict"] == "retry"


def _windows(history: History) -> Iterator[Sequence[Entry]]:
    """Entries from each intent to cp3's proceed, the next intent of the step, or the end."""
    for start, intent in enumerate(history.entries):
        if intent.kind == "intent":
            rest = history.entries[start + 1 :]
            end = next((at for at, entry in enumerate(rest) if _closes(entry, intent.step)), len(rest) - 1)
            yield [intent, *rest[: end + 1]]


def _closes(entry: Entry, step: str) -> bool:
    if entry.step != step:
        return False
    verified = (entry.kind, entry.checkpoint) == ("decision", "cp3") and entry.body["verdict"] == "proceed"
    return verified or entry.kind == "intent"


def _failed(document: Any) -> bool:
    """Whether any request in an observation got no answer, or one that says that the server is at fault."""
    if isinstance(document, list):
        return any(map(_failed, document))
    if not isinstance(document, dict):
        return False
    if {"endpoint", "outcome", "status"} <= document.keys():
        status = document["status"]
        return status is None or status >= _FAILED or status == _TOO_MANY
    return any(map(_failed, document.values()))
