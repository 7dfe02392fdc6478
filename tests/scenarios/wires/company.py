"""Many theatres, whose runs mostly wait, side by side."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from tests.promise import broken
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
    lines = (line for log in {theatre.cluster.server.audit_log, *logs} for line in log.read_text().splitlines())
    return [json.loads(line) for line in lines if theatre.namespace in line]


def assert_kept(theatre: Theatre, *logs: Path, ended: bool = True) -> None:
    """The promise is kept."""
    with theatre.store() as store:
        packets = [path.stem for path in theatre.packets()]
        found = broken(store, events(theatre, *logs), ended=ended, packets=packets)
    assert found == [], found


def landed(theatre: Theatre, *logs: Path) -> list[int]:
    """Status of each write that reached an API server, those that failed left out."""
    writes = [event for event in events(theatre, *logs) if _is_own_write(event, theatre.namespace)]
    codes = [event["responseStatus"]["code"] for event in writes]
    return [code for code in codes if code == 200]


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
