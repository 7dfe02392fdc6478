"""Each difference between ledger and audit log, and what is none."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest

from runbook_gate.reconciliation import Attempt, Finding, Reconciliation, Requests, compare

EXECUTOR = "system:serviceaccount:runbook-gate:executor"
INTENT = "a" * 64
AT_MS = 1795168800000
URI = "/api/v1/namespaces/payments?timeout=10s"
ANSWERED = Attempt(
    run="01kq3v",
    seq=6,
    number=1,
    cluster="mks-us-east-1-prod-03",
    namespace="payments",
    audit_id=INTENT,
    from_ms=AT_MS,
    until_ms=AT_MS + 500,
    outcome="answered",
    status=200,
    expected="event",
)
IN_DOUBT = replace(ANSWERED, outcome="timed_out", status=None, expected="perhaps")
UNSENT = replace(ANSWERED, outcome="not_sent", status=None, expected="none")


@dataclass(frozen=True)
class Covers:
    """A log from one moment to another."""

    first_ms: int = AT_MS - 60_000
    last_ms: int = AT_MS + 60_000

    def covers(self, from_ms: int, until_ms: int) -> bool:
        return self.first_ms <= from_ms and until_ms <= self.last_ms


def event(audit_id: str = INTENT, code: int | None = 200, user: str = EXECUTOR, **more: Any) -> dict[str, Any]:
    return {
        "auditID": audit_id,
        "stage": "ResponseComplete",
        "verb": "patch",
        "requestURI": URI,
        "user": {"username": user},
        "objectRef": {"resource": "namespaces", "namespace": "payments", "name": "payments"},
        "responseStatus": {"code": code},
        "requestReceivedTimestamp": "2026-11-20T10:00:00.100000Z",
        "stageTimestamp": "2026-11-20T10:00:00.200000Z",
        **more,
    }


STARTED = event(code=None, stage="RequestReceived")
LATER: dict[str, Any] = {"requestReceivedTimestamp": "2026-11-20T10:00:40.000000Z"}
OTHER_NAME: dict[str, Any] = {"objectRef": {"resource": "namespaces", "namespace": "ledger", "name": "ledger"}}
DRY: dict[str, Any] = {"requestURI": URI + "&dryRun=All"}


def reconciled(attempts: list[Attempt], events: list[dict[str, Any]], **options: Any) -> Reconciliation:
    logs = options.pop("logs", [Covers()])
    requests = Requests(frozenset({EXECUTOR}), frozenset(attempt.audit_id for attempt in attempts))
    for one in events:
        requests.add(one)
    return compare(attempts, requests, logs, **options)


def kinds(found: tuple[Finding, ...]) -> list[str]:
    return [one.kind for one in found]


AGREED: dict[str, tuple[list[Attempt], list[dict[str, Any]]]] = {
    "an answered write and its event": ([ANSWERED], [event()]),
    "an event at two stages": ([ANSWERED], [STARTED, event()]),
    "an event whose end was never logged": ([ANSWERED], [STARTED]),
    "the same event twice, from a log that was rotated meanwhile": ([ANSWERED], [event(), event()]),
    "a conflict": ([replace(ANSWERED, status=409)], [event(code=409)]),
    "a timeout that the server logged as one": ([replace(ANSWERED, status=504)], [event(code=504)]),
    "a write in doubt that landed": ([IN_DOUBT], [event()]),
    "a write in doubt that was refused": ([IN_DOUBT], [event(code=409)]),
    "a write that was not sent": ([UNSENT], []),
    "somebody else's write": ([], [event("b" * 36, user="platform-team")]),
    "a read": ([], [event("b" * 36, verb="get")]),
    "a dry run": ([], [event("b" * 36, **DRY)]),
    "a pod": ([], [event("b" * 36, objectRef={"resource": "pods", "namespace": "payments", "name": "p"})]),
    "by impersonation": ([ANSWERED], [event(user="admin", impersonatedUser={"username": EXECUTOR})]),
}


@pytest.mark.parametrize("what", AGREED)
def test_what_agrees(what: str) -> None:
    found = reconciled(*AGREED[what])
    assert (found.differences, found.in_doubt, found.result) == ((), (), "no difference found")


DIFFERENT: dict[str, tuple[list[Attempt], list[dict[str, Any]], list[str]]] = {
    "a write that no intent announced": ([], [event("b" * 36)], ["write without intent"]),
    "one that was refused": ([], [event("b" * 36, code=403)], ["write without intent"]),
    "one of a subresource": (
        [],
        [event("b" * 36, objectRef={**event()["objectRef"], "subresource": "status"})],
        ["write without intent"],
    ),
    "one that never ended": ([], [event("b" * 36, code=None, stage="Panic")], ["write without intent"]),
    "a creation": ([], [event("b" * 36, verb="create")], ["write without intent"]),
    "a deletion": ([], [event("b" * 36, verb="delete")], ["write without intent"]),
    "somebody who acts as the executor": (
        [],
        [event("b" * 36, user="admin", impersonatedUser={"username": EXECUTOR})],
        ["write without intent"],
    ),
    "an answered write without its event": ([ANSWERED], [], ["no event"]),
    "another status": ([ANSWERED], [event(code=409)], ["status differs"]),
    "a write that was not sent and came": ([UNSENT], [event()], ["event of an unsent write"]),
    "an intent that was sent twice": ([ANSWERED], [event(), event(**LATER)], ["came twice"]),
    "an intent of another namespace": ([ANSWERED], [event(**OTHER_NAME)], ["another request", "no event"]),
    "an Audit-ID that somebody else used": ([ANSWERED], [event(user="eve")], ["another request", "no event"]),
    "an Audit-ID that somebody else used too": ([ANSWERED], [event(), event(user="eve", **LATER)], ["another request"]),
    "an intent that was only tried": ([ANSWERED], [event(**DRY)], ["another request", "no event"]),
}


@pytest.mark.parametrize("what", DIFFERENT)
def test_what_differs(what: str) -> None:
    attempts, events, expected = DIFFERENT[what]
    found = reconciled(attempts, events)
    assert sorted(kinds(found.differences)) == sorted(expected)
    assert found.in_doubt == ()
    assert found.result == ("1 difference" if len(expected) == 1 else f"{len(expected)} differences")


def test_a_difference_names_both_sides() -> None:
    [one] = reconciled([ANSWERED], [event(code=409)]).differences
    assert one == Finding(
        kind="status differs",
        at_ms=AT_MS + 100,
        namespace="payments",
        audit_id=INTENT,
        run="01kq3v",
        seq=6,
        attempt=1,
        recorded="200",
        logged="patch namespaces 409",
    )
    foreign = reconciled([ANSWERED], [event(user="eve")]).differences
    assert {one.logged for one in foreign} == {None, "patch namespaces 200 by eve"}


def test_a_write_in_doubt_without_an_event_is_counted_apart() -> None:
    found = reconciled([IN_DOUBT, replace(ANSWERED, audit_id="b" * 64)], [])
    assert (kinds(found.differences), kinds(found.in_doubt)) == (["no event"], ["in doubt, no event"])


@pytest.mark.parametrize(
    "log",
    [
        Covers(first_ms=AT_MS - 4_999),
        Covers(last_ms=AT_MS + 5_499),
        Covers(AT_MS + 60_000, AT_MS + 90_000),
    ],
    ids=["begins too late", "ends too early", "another time"],
)
def test_nobody_is_blamed_for_a_time_that_a_log_does_not_cover(log: Covers) -> None:
    attempts = [ANSWERED, replace(IN_DOUBT, audit_id="b" * 64), replace(UNSENT, audit_id="c" * 64)]
    found = reconciled(attempts, [], logs=[Covers(), log])
    assert (found.differences, found.in_doubt) == ((), ())
    assert (found.intents, found.matched, found.unsent, found.not_covered) == (3, 0, 1, 2)
    assert kinds(reconciled(attempts, [], logs=[Covers()]).differences) == ["no event"]


def test_an_event_counts_wherever_it_is() -> None:
    found = reconciled([ANSWERED], [event()], logs=[Covers(AT_MS + 60_000, AT_MS + 90_000)])
    assert (found.matched, found.not_covered, found.differences) == (1, 0, ())


def test_of_one_namespace_only_its_own_writes_count() -> None:
    events = [event("b" * 36), event("c" * 36, **OTHER_NAME)]
    assert len(reconciled([], events).differences) == 2
    [one] = reconciled([], events, namespace="ledger").differences
    assert one.audit_id == "c" * 36


def test_an_intent_that_was_appended_meanwhile_is_one() -> None:
    assert reconciled([], [event()], appended=[INTENT]).differences == ()


@pytest.mark.parametrize("field", sorted(event()))
@pytest.mark.parametrize("odd", [None, 1, [], {}, "\ud800", {"username": []}])
def test_an_odd_event_is_compared_all_the_same(field: str, odd: Any) -> None:
    """It may be what no intent fits, or nothing; it is never an unexpected error."""
    assert reconciled([ANSWERED], [{**event(), field: odd}]).intents == 1
