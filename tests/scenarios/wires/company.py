"""Many theatres, whose runs mostly wait, side by side."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from tests.promise import broken, events_of
from tests.scenarios.theatre import Theatre

T = TypeVar("T")
R = TypeVar("R")
# Waits that the clock makes, and not a fault.
OF_TIME = {
    "verification_reconciliation.too_few_rounds",
    "verification_reconciliation.lagging",
    "retry_eligibility.unsettled",
}


def side_by_side(play: Callable[[T], R], cases: Iterable[T]) -> list[R]:
    """Play every case, some at a time; the first failure is raised once all are over."""
    with ThreadPoolExecutor(max_workers=8 if (os.cpu_count() or 1) > 1 else 4) as pool:
        return [played.result() for played in [pool.submit(play, case) for case in cases]]


def waits(theatre: Theatre) -> list[tuple[str, str]]:
    """Checkpoint and code of each wait, but for those of time."""
    waited = [entry for entry in theatre.history().decisions() if entry.body["verdict"] == "wait"]
    return [(str(one.checkpoint), code) for one in waited for code in one.body["codes"] if code not in OF_TIME]


def events(theatre: Theatre, *logs: Path) -> list[dict[str, Any]]:
    """Audit events about the theatre's namespace, of its own API server and of others."""
    all_logs = {theatre.cluster.server.audit_log, *logs}
    return [event for log in all_logs for event in events_of(log, theatre.namespace)]


def assert_kept(theatre: Theatre, *logs: Path, ended: bool = True, unseen: int | None = None) -> None:
    """The promise is kept.

    Args:
        theatre: whose.
        logs: audit logs of other API servers.
        ended: whether the run must have ended.
        unseen: the attempt that landed without an API server's knowing.
    """
    told = events(theatre, *logs)
    if unseen:
        landing = _landing(theatre, unseen)
        told = [*(event for event in told if event["auditID"] != landing["auditID"]), landing]
    with theatre.store() as store:
        packets = [path.stem for path in theatre.packets()]
        found = broken(store, told, ended=ended, packets=packets)
    assert found == [], found


def _landing(theatre: Theatre, attempt: int) -> dict[str, Any]:
    """The event that an API server would have written had it seen the attempt land, which nothing followed."""
    [intent] = [one for one in theatre.history().entries if one.kind == "intent" and one.attempt == attempt]
    there = theatre.seeder.core.read_namespace(theatre.namespace).metadata
    bound = {"uid": intent.body["uid"], "resourceVersion": intent.body["resource_version"]}
    return {
        "auditID": intent.sha256,
        "verb": "patch",
        "user": {"username": "runbook-gate"},
        "objectRef": {"resource": "namespaces", "name": theatre.namespace},
        "requestURI": "",
        "requestReceivedTimestamp": datetime.fromtimestamp(intent.at_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "requestObject": {"metadata": {**bound, "labels": intent.body["labels"]}},
        "responseStatus": {"code": 200},
        "responseObject": {"metadata": {"resourceVersion": there.resource_version, "labels": there.labels}},
    }


def statuses(theatre: Theatre, *logs: Path) -> list[int]:
    """How the API servers say that they answered each write, in the order in which they came in."""
    writes = [event for event in events(theatre, *logs) if _is_own_write(event, theatre.namespace)]
    return [one["responseStatus"]["code"] for one in sorted(writes, key=lambda one: one["requestReceivedTimestamp"])]


def writer(theatre: Theatre) -> str:
    """Who wrote the tuple, in the completion record."""
    return str(theatre.history().newest.body["record"]["writer"])


def sent(theatre: Theatre) -> list[int]:
    """How many requests each effect says that it sent, in order; an effect that sent none is left out."""
    observed = [entry.body for entry in theatre.history().entries if entry.kind == "observation"]
    return [number for number in (sum(1 for _ in _sent(body)) for body in observed) if number]


def _sent(value: Any) -> Iterator[None]:
    if isinstance(value, dict):
        if {"endpoint", "outcome", "status"} <= value.keys() and value["outcome"] not in {"not_sent", "refused"}:
            yield None
        for member in value.values():
            yield from _sent(member)
    elif isinstance(value, list):
        for member in value:
            yield from _sent(member)


def _is_own_write(event: dict[str, Any], namespace: str) -> bool:
    about = event.get("objectRef") or {}
    return (
        (event["user"]["username"], event["verb"]) == ("runbook-gate", "patch")
        and (about.get("resource"), about.get("name")) == ("namespaces", namespace)
        and "dryRun=All" not in event["requestURI"]
    )
