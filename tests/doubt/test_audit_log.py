"""Another attempt over a moved namespace wants a log that has caught up and says who moved it (ADR 9)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from tests.doubt.conftest import NAMESPACE, DoubtfulWorld
from tests.fakes.cluster import Fault
from tests.fakes.runs import APPROVED
from tests.promise import broken

from runbook_gate.cluster.calls import Call
from runbook_gate.core.history import History
from runbook_gate.demo.stage import REMOVED


def ended(world: DoubtfulWorld) -> tuple[str, list[str]]:
    """How the run ends, and the codes of its last decision; the platform team's removal still stands."""
    finished = world.run("task-1")
    with world.open() as store:
        assert broken(store, [*world.server.created, *world.server.audit]) == []
        decision = History(store.runs.entries(finished.run)).decision
    assert decision is not None
    assert not world.server.namespaces["payments-one"]["metadata"]["labels"].keys() & APPROVED.keys()
    return finished.outcome, decision.body["codes"]


def waits(world: DoubtfulWorld) -> set[str]:
    """Codes for which the run waited."""
    with world.open() as store:
        history = History(store.runs.entries(store.runs.list()[0].id))
    return {code for entry in history.decisions() if entry.body["verdict"] == "wait" for code in entry.body["codes"]}


def of_platform_team(event: Mapping[str, Any]) -> bool:
    return bool(event["user"]["username"] == "platform-team")


def test_whoever_took_the_labels_back_is_named(world: DoubtfulWorld) -> None:
    assert ended(world) == ("escalated", ["retry_eligibility.written_since"])


def test_a_log_that_lacks_the_event_that_matters_explains_nothing(world: DoubtfulWorld) -> None:
    world.log.lacks = of_platform_team
    assert ended(world) == ("escalated", ["retry_eligibility.audit_unexplained"])


def test_a_log_that_is_behind_is_waited_for(world: DoubtfulWorld) -> None:
    """The event comes 20 s after the write, and until then nothing newer: longer than the settle time."""
    start_ms = world.clock.read().at_ms

    def lacks(event: Mapping[str, Any]) -> bool:
        late = world.clock.read().at_ms < start_ms + 20_000
        world.log.behind_ms = 20_000 * late
        return late and of_platform_team(event)

    world.log.lacks = lacks
    assert ended(world) == ("escalated", ["retry_eligibility.written_since"])
    assert "retry_eligibility.audit_behind" in waits(world)


def test_a_log_that_never_catches_up_ends_at_the_deadline(world: DoubtfulWorld) -> None:
    world.log.behind_ms = 60_000
    assert ended(world) == ("escalated", ["gate.deadline_passed", "retry_eligibility.audit_behind"])


def late_by_a_moment(world: DoubtfulWorld, *writes: Mapping[str, str | None]) -> None:
    """The first write lands just before a look, and others write; the event of the removal comes 600 ms late."""
    held: list[Call] = []
    missing: list[tuple[str, int]] = []

    def fault(call: Call) -> Fault | None:
        if call.method == "PATCH" and ("dryRun", "All") not in call.query and not held:
            held.append(call)
            return Fault("timed_out")
        looks = call.method == "GET" and call.path_params.get("name") == NAMESPACE
        if held and looks and not missing and world.clock.read().at_ms >= begun_ms + 11_000:  # the settle time is over
            world.clock.advance(1_100 - world.clock.read().at_ms % 1_000)  # the Date header is in whole seconds
            world.server.handle(held[0])
            world.server.audit[-1].update(responseStatus={"code": 504}, responseObject=None)
            for labels in writes:
                world.clock.advance(50)
                world.by_platform_team(labels)
                if labels is REMOVED:
                    missing.append((world.server.audit[-1]["auditID"], world.clock.read().at_ms + 600))
            world.clock.advance(100)
        return None

    begun_ms = world.clock.read().at_ms
    world.fault = fault
    world.log.lacks = lambda event: any(
        event["auditID"] == audit_id and world.clock.read().at_ms < until_ms for audit_id, until_ms in missing
    )


@pytest.mark.parametrize(
    ("writes", "told"),
    [
        ([{"team": "x"}, REMOVED], "retry_eligibility.audit_unexplained"),
        ([REMOVED, {"team": "x"}], "retry_eligibility.written_since"),
    ],
    ids=["the newest write is late", "the write before the newest is late"],
)
def test_an_event_that_is_late_by_less_than_a_second(
    world: DoubtfulWorld, writes: list[Mapping[str, str | None]], told: str
) -> None:
    late_by_a_moment(world, *writes)
    assert ended(world) == ("escalated", [told])
