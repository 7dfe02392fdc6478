"""Ledger against audit log, difference by difference. No I/O.

- Every write of a namespace by the executor's identity has an intent, whose hash is its Audit-ID, and came once.
- Every intent that the API server answered has its event, with the same status and the same target.
- An intent that was never sent has none. One in doubt may have one or not, and is told apart.
- Nobody is blamed for a time that one of the logs does not cover.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol

from runbook_gate.reconciliation.attempts import Attempt
from runbook_gate.reconciliation.requests import Request, Requests

# How far the executor's clock may be from an API server's, and an event from its place in the log.
MARGIN_MS: Final = 5_000
Kind = Literal[
    "write without intent",
    "no event",
    "in doubt, no event",
    "status differs",
    "event of an unsent write",
    "came twice",
    "another request",
]


class Coverage(Protocol):
    """A log that says from when to when it has events."""

    def covers(self, from_ms: int, until_ms: int) -> bool:
        """Whether the log has events from before and after a time."""
        ...


@dataclass(frozen=True, slots=True)
class Finding:
    """One difference.

    Attributes:
        kind: which.
        at_ms: when the request came in, or else when its intent was appended.
        namespace: that was written or was to be.
        audit_id: of the request.
        run: of the intent; None without one.
        seq: its position.
        attempt: its number.
        recorded: what the ledger has; None if nothing.
        logged: what the audit log has; None if nothing.
    """

    kind: Kind
    at_ms: int
    namespace: str | None
    audit_id: str
    run: str | None = None
    seq: int | None = None
    attempt: int | None = None
    recorded: str | None = None
    logged: str | None = None


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """What was found.

    Attributes:
        intents: how many there are.
        matched: how many have their event.
        unsent: how many were never sent, and have none.
        not_covered: how many have no event, and lie outside of the time that the logs cover.
        differences: what must not be.
        in_doubt: intents without an event that may have none.
    """

    intents: int
    matched: int
    unsent: int
    not_covered: int
    differences: tuple[Finding, ...]
    in_doubt: tuple[Finding, ...]

    @property
    def result(self) -> str:
        """What was found, in words; never more than that nothing differs where the logs cover it."""
        count = len(self.differences)
        return f"{count} difference{'' if count == 1 else 's'}" if count else "no difference found"


def compare(
    attempts: Sequence[Attempt],
    requests: Requests,
    logs: Sequence[Coverage],
    *,
    namespace: str | None = None,
    appended: Collection[str] = (),
) -> Reconciliation:
    """Compare.

    Args:
        attempts: the intents that are asked about.
        requests: what the logs have.
        logs: each of them.
        namespace: the only one that writes without an intent are reported of; None for all.
        appended: hashes of intents that were appended while the logs were read.
    """
    found = [finding for attempt in attempts for finding in _of_attempt(attempt, requests, logs)]
    strays = [one for one in _strays(requests, appended) if namespace in (None, one.namespace)]
    with_event = sum(any(_fits(one, attempt) for one in requests.of(attempt.audit_id)) for attempt in attempts)
    without = [one for one in attempts if not requests.of(one.audit_id)]
    outside = [one for one in without if one.expected != "none" and not _covered(one, logs)]
    return Reconciliation(
        intents=len(attempts),
        matched=with_event,
        unsent=sum(one.expected == "none" for one in without),
        not_covered=len(outside),
        differences=_in_order(one for one in [*strays, *found] if one.kind != "in doubt, no event"),
        in_doubt=_in_order(one for one in found if one.kind == "in doubt, no event"),
    )


def _of_attempt(attempt: Attempt, requests: Requests, logs: Sequence[Coverage]) -> Iterator[Finding]:
    came = requests.of(attempt.audit_id)
    fitting = [request for request in came if _fits(request, attempt)]
    yield from (_finding("another request", attempt, request) for request in came if request not in fitting)
    yield from (_finding("came twice", attempt, request) for request in fitting[1:])
    if fitting and attempt.expected == "none":
        yield _finding("event of an unsent write", attempt, fitting[0])
    elif fitting and attempt.status and fitting[0].code not in (None, attempt.status):
        yield _finding("status differs", attempt, fitting[0])
    elif not fitting and attempt.expected != "none" and (came or _covered(attempt, logs)):
        yield _finding("no event" if attempt.expected == "event" else "in doubt, no event", attempt, None)


def _fits(request: Request, attempt: Attempt) -> bool:
    """Whether a request is what an intent announced."""
    return request.own and not request.dry_run and _aim(request) == ("patch", "namespaces", attempt.namespace)


def _aim(request: Request) -> tuple[str, str, str | None]:
    return request.verb, request.target, request.name


def _strays(requests: Requests, appended: Collection[str]) -> Iterator[Finding]:
    for audit_id in requests.others():
        for one in requests.of(audit_id) if audit_id not in appended else ():
            yield Finding("write without intent", one.at_ms, one.name, audit_id, logged=one.told)


def _covered(attempt: Attempt, logs: Sequence[Coverage]) -> bool:
    """Whether the event must be in one of the logs if it is anywhere: any of the API servers may have it."""
    return all(log.covers(attempt.from_ms - MARGIN_MS, attempt.until_ms + MARGIN_MS) for log in logs)


def _finding(kind: Kind, attempt: Attempt, request: Request | None) -> Finding:
    return Finding(
        kind=kind,
        at_ms=request.at_ms if request else attempt.from_ms,
        namespace=attempt.namespace,
        audit_id=attempt.audit_id,
        run=attempt.run,
        seq=attempt.seq,
        attempt=attempt.number,
        recorded=attempt.recorded,
        logged=request.told if request else None,
    )


def _in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(findings, key=lambda finding: (finding.at_ms, finding.audit_id, finding.kind)))
