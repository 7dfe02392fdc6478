"""What the ledger says of each write, and which event that calls for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

from runbook_gate.core.history import AttemptEntries, History

Expected = Literal["event", "perhaps", "none"]
UNRECORDED: Final = "unrecorded"
_TOO_MANY: Final = 429
_SERVER_ERROR: Final = 500


@dataclass(frozen=True, slots=True)
class Attempt:
    """One intent, and what became of its request as far as the ledger knows.

    Attributes:
        run: the run.
        seq: position of the intent.
        number: of the attempt.
        cluster: the one that the run was for.
        namespace: that it was to write.
        audit_id: hash of the intent, sent as Audit-ID.
        from_ms: when the intent was appended.
        until_ms: when the answer came, or at the latest would have been sent for.
        outcome: of the request; `unrecorded` if the process died before its observation.
        status: HTTP status of the API server's own answer.
        expected: `event`: the API server must have logged it; `perhaps`; `none`: it was never sent.
    """

    run: str
    seq: int
    number: int
    cluster: str
    namespace: str
    audit_id: str
    from_ms: int
    until_ms: int
    outcome: str
    status: int | None
    expected: Expected

    @property
    def recorded(self) -> str:
        """What is recorded, in a word."""
        return str(self.status or self.outcome)


def attempts_of(history: History) -> Iterator[Attempt]:
    """Every intent of a run.

    Args:
        history: the run.

    Yields:
        Them, in order.
    """
    seen = _events_seen(history)
    for step in history.opened.routing.steps:
        for made in history.attempts(step):
            yield _attempt(history, made, seen)


def identities_of(history: History) -> set[str]:
    """As whom the API server saw the executor in a run."""
    gathered = (entry.body for entry in history.entries if _effect(entry.body) == "gather")
    return {name for body in gathered if (name := body["identity"]["username"])}


def _attempt(history: History, made: AttemptEntries, seen: frozenset[str]) -> Attempt:
    intent, observed = made.intent, made.observation
    http: dict[str, Any] = observed.body["patched"]["http"] if observed else {}
    status = http.get("status") if _own_answer(http) else None
    outcome = str(http.get("outcome", UNRECORDED))
    expected: Expected = "none" if outcome in {"not_sent", "refused"} else "perhaps"
    if status is not None or intent.sha256 in seen:
        expected = "event"
    return Attempt(
        run=intent.run,
        seq=intent.seq,
        number=intent.attempt or 0,
        cluster=history.opened.task.cluster_id,
        namespace=history.opened.task.namespace,
        audit_id=intent.sha256,
        from_ms=intent.at_ms,
        until_ms=int(http.get("answered_ms") or intent.body["not_after_ms"]),
        outcome=outcome,
        status=status,
        expected=expected,
    )


def _own_answer(http: dict[str, Any]) -> bool:
    """Whether the API server gave the status, and logged it.

    A balancer answers 5xx by itself, without the server's Audit-Id. A server that shuts down answers 429 unlogged.
    """
    status = http.get("status")
    if status is None or status == _TOO_MANY:
        return False
    return bool(status < _SERVER_ERROR or http.get("audit_id"))


def _events_seen(history: History) -> frozenset[str]:
    """Audit-IDs whose event the run itself found, looking its writes up."""
    looked = (entry.body for entry in history.entries if _effect(entry.body) == "resolve_write")
    return frozenset(event["audit_id"] for body in looked for event in body["audit"]["events"])


def _effect(body: dict[str, Any]) -> object:
    return body.get("effect")
