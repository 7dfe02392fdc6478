"""`broken` finds what it is there to find: each case is a kept promise with one change to the records."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import pytest
from tests.fakes.cluster import Fault
from tests.fakes.runs import LittleWorld
from tests.ledger.tampering import tamper
from tests.promise import broken
from tests.scenarios.theatre import Director

from runbook_gate.ledger import Store
from runbook_gate.models.entry import Entry

ENFORCE = "pod-security.kubernetes.io/enforce"
Events = list[dict[str, Any]]


@dataclass
class Altered:
    """A store whose entries a test changes on the way out; all else is the store's."""

    store: Store
    change: Callable[[list[Entry]], Iterable[Entry]]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)

    @property
    def runs(self) -> Altered:
        return Altered(self.store.runs, self.change)  # type: ignore[arg-type]

    def entries(self, run: str) -> list[Entry]:
        return list(self.change(self.store.entries(run)))  # type: ignore[attr-defined]


@pytest.fixture
def events(world: LittleWorld) -> Events:
    """A run that needed both attempts and completed: the first write was lost before it was delivered."""
    faults = [Fault("lost")]
    world.fault = lambda call: (
        faults.pop() if faults and call.method == "PATCH" and ("dryRun", "All") not in call.query else None
    )
    world.submit("task-1", "payments-one")
    assert world.run("task-1").outcome == "complete"
    return [*world.server.created, *world.server.audit]


def found(world: LittleWorld, events: Events, change: Callable[[list[Entry]], Iterable[Entry]] = list) -> str:
    with world.open() as store:
        return "\n".join(broken(Altered(store, change), events))  # type: ignore[arg-type]


def written(events: Events) -> dict[str, Any]:
    """The event of the one write that reached the server."""
    [event] = [one for one in events if one["verb"] == "patch" and "dryRun=All" not in one["requestURI"]]
    return event


def test_a_kept_promise(world: LittleWorld, events: Events) -> None:
    with world.open() as store:
        assert broken(store, events) == []
        assert broken(store, events, packets=[]) == []
        assert broken(store, events, packets=["esc-0123456789abcdef"])


def test_facts_that_are_not_there_at_once_before_the_completion(world: LittleWorld, events: Events) -> None:
    """A wait of cp4 gathers again; the rounds stand."""
    faults: list[Fault] = []
    world.fault = lambda call: faults.pop() if faults else None
    director = Director({"decided:cp3:proceed": lambda entry: faults.append(Fault("lost"))})
    world.submit("task-2", "payments-two")
    assert world.run("task-2", director).outcome == "complete"
    assert director.seen[-3:] == ["decided:cp4:wait", "observed:gather", "decided:cp4:complete"]
    with world.open() as store:
        assert broken(store, [*world.server.created, *world.server.audit]) == []


def test_a_write_that_came_twice(world: LittleWorld, events: Events) -> None:
    again = {**copy.deepcopy(written(events)), "responseStatus": {"code": 409}}
    assert "came 2 times" in found(world, [*events, again])


def test_a_write_without_an_intent(world: LittleWorld, events: Events) -> None:
    stray = {**copy.deepcopy(written(events)), "auditID": "0" * 64}
    assert f"a write without an intent, Audit-ID {'0' * 64}" in found(world, [*events, stray])


def test_a_write_that_is_not_what_its_intent_says(world: LittleWorld, events: Events) -> None:
    altered = copy.deepcopy(events)
    written(altered)["requestObject"]["metadata"]["labels"][ENFORCE] = "privileged"
    assert "is not what its intent says" in found(world, altered)


@pytest.mark.parametrize(("code", "kept"), [(403, True), (200, False), (409, False)])
def test_only_a_write_that_was_turned_away_may_carry_nothing(
    world: LittleWorld, events: Events, code: int, kept: bool
) -> None:
    altered = copy.deepcopy(events)
    event = written(altered)
    del event["requestObject"]
    event["responseStatus"] = {"code": code}
    assert ("is not what its intent says" in found(world, altered)) is not kept


def by_somebody(events: Events, number: int, value: str) -> dict[str, Any]:
    """The event of somebody else's change of a label, which made this resourceVersion."""
    event = copy.deepcopy(written(events))
    metadata = event["responseObject"]["metadata"]
    metadata.update(resourceVersion=str(number), labels={ENFORCE: value})
    return {**event, "auditID": "1" * 36, "user": {"username": "platform-team"}}


def landed_on(events: Events, base: int) -> Events:
    """The same events with the own write a few versions later."""
    altered = copy.deepcopy(events)
    written(altered)["responseObject"]["metadata"]["resourceVersion"] = str(base + 10)
    return altered


def test_a_write_over_somebody_elses_newer_value(world: LittleWorld, events: Events) -> None:
    base = int(written(events)["requestObject"]["metadata"]["resourceVersion"])
    altered = landed_on(events, base)
    told = found(world, [*altered, by_somebody(altered, base + 5, "baseline")])
    assert f"landed on {base + 5}, not on {base}" in told
    assert f"overwrote a newer value of {ENFORCE}" in told
    assert "landed after platform-team changed" in told


def test_a_completion_where_the_tuple_was_not_there(world: LittleWorld, events: Events) -> None:
    altered = copy.deepcopy(events)
    written(altered)["responseObject"]["metadata"]["labels"].pop(ENFORCE)
    assert f"where {ENFORCE} is not the approved value" in found(world, altered)


def test_a_log_that_begins_after_the_creation(world: LittleWorld, events: Events) -> None:
    """A write that landed cannot be told from one that landed on a newer state."""
    assert "payments-one: its beginning is not in the log" in found(world, world.server.audit)


def test_a_log_in_which_somebody_elses_change_comes_first(world: LittleWorld, events: Events) -> None:
    base = int(written(events)["requestObject"]["metadata"]["resourceVersion"])
    told = found(world, [*world.server.audit, by_somebody(events, base - 1, "baseline")])
    assert "its beginning is not in the log" in told


def test_a_completion_without_a_write_in_a_log_without_a_beginning(world: LittleWorld, events: Events) -> None:
    assert "its beginning is not in the log" in found(world, [])


def without(*kinds: str) -> Callable[[list[Entry]], Iterable[Entry]]:
    return lambda entries: [entry for entry in entries if entry.kind not in kinds]


def numbered(number: int) -> Callable[[list[Entry]], Iterable[Entry]]:
    def change(entries: list[Entry]) -> Iterable[Entry]:
        return [entry.model_copy(update={"attempt": number}) if entry.kind == "intent" else entry for entry in entries]

    return change


def said(checkpoint: str, verdict: str, instead: str) -> Callable[[list[Entry]], Iterable[Entry]]:
    """Decisions of a checkpoint with another verdict than they had."""

    def change(entries: list[Entry]) -> Iterable[Entry]:
        for entry in entries:
            mine = (entry.kind, entry.checkpoint) == ("decision", checkpoint) and entry.body["verdict"] == verdict
            yield entry.model_copy(update={"body": {**entry.body, "verdict": instead}}) if mine else entry

    return change


def held_by_another(entries: list[Entry]) -> Iterable[Entry]:
    return [entry.model_copy(update={"lease": 9}) if entry.kind == "intent" else entry for entry in entries]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (without("completed"), "never ended; its newest entry is decision"),
        (numbered(2), "attempts [2, 2]"),
        (said("cp2", "retry", "proceed"), "attempt 2 without a retry of attempt 1"),
        (held_by_another, "without a go that its own process received"),
        (held_by_another, "an entry of an older lease after one of a newer"),
        (said("cp3", "proceed", "wait"), "completed after"),
        (lambda entries: [*entries, entries[-1]], "an end that is not its last entry"),
    ],
)
def test_records_that_do_not_keep_it(
    world: LittleWorld, events: Events, change: Callable[[list[Entry]], Iterable[Entry]], told: str
) -> None:
    assert told in found(world, events, change)


def test_a_chain_that_was_altered(world: LittleWorld, events: Events) -> None:
    with world.open() as store:
        tamper(world.settings.store, "UPDATE entries SET data = data || ' ' WHERE seq = 3")
        [told] = broken(store, events)
    assert told.startswith("ledger verify: ")
