"""Fault points come from the code: what is added to the product is met without a word here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, event
from tests.crash.conftest import Stage
from tests.crash.figures import Figures
from tests.crash.matrix import Matrix
from tests.crash.points import Points, kind
from tests.crash.watched import WatchedSession, watched_process
from tests.crash.ways import WAYS
from tests.crash.worlds import CrashWorld

from runbook_gate.effects.registry import EFFECTS
from runbook_gate.effects.verify import Verify
from runbook_gate.engine.journal import Journal
from runbook_gate.ledger import Draft, Finished
from runbook_gate.serving import Serving


@contextmanager
def counted_commits() -> Iterator[list[str]]:
    """Commits of every engine of this process, counted in SQLAlchemy and not where the points are."""
    commits = list[str]()

    def listen(connection: Any) -> None:
        commits.append("commit")

    event.listen(Engine, "commit", listen)
    try:
        yield commits
    finally:
        event.remove(Engine, "commit", listen)


def names(world: CrashWorld) -> list[str]:
    return [left.point for left in world.dying()]


@pytest.mark.parametrize("way", WAYS)
def test_no_transaction_of_a_run_commits_elsewhere(stage: Stage, way: str) -> None:
    world = stage(WAYS[way])
    with counted_commits() as commits:
        met = Counter(map(kind, names(world)))
    assert met["commit"] == 2 * len(commits)


@pytest.mark.parametrize("way", WAYS)
def test_no_request_and_no_effect_of_a_run_goes_elsewhere(stage: Stage, way: str) -> None:
    world = stage(WAYS[way])
    with world_requests(world) as requests:
        met = names(world)
    assert Counter(map(kind, met))["request"] == 2 * len(requests)
    assert {point.split(" ")[1] for point in met if kind(point) == "effect"} <= EFFECTS.keys()


@contextmanager
def world_requests(world: CrashWorld) -> Iterator[list[str]]:
    """Requests that come to the cluster in memory, and those that are lost on the way."""
    requests, play = list[str](), world.fault

    def counted(call: Any) -> Any:
        requests.append(call.method)
        return play(call)

    world.fault = counted
    yield requests


def test_every_point_has_a_name_of_its_own_and_the_same_one_each_time(stage: Stage) -> None:
    world = stage()
    start = world.keep("nothing happened yet")
    first = names(world)
    world.put_back(start)
    assert names(world) == first
    assert len(set(first)) == len(first)


def test_what_happens_has_a_point_before_it_and_one_after_it(stage: Stage) -> None:
    met = names(stage(WAYS["open waiver"]))
    assert sorted({point.partition(" / ")[0] + " / before" for point in met}) == sorted(
        point for point in met if point.endswith(" / before")
    )
    assert len(met) == 2 * sum(point.endswith(" / after") for point in met)
    assert {
        "commit decision cp1 1 / before",
        "commit escalated cp4 1 / after",
        "effect gather 1 / before",
        "request patch_namespace dry-run 1 / after",
        "question cp1 1 / before",
        "head escalated 1 / after",
        "file .json 1 / before",
        "file .md 1 / after",
    } <= set(met)


class Recheck(Verify):
    """An effect that the product does not have."""

    name = "recheck"


def test_a_new_effect_joins(stage: Stage) -> None:
    EFFECTS["recheck"] = Recheck()
    points = Points()
    try:
        with watched_process(points), pytest.raises(AttributeError):
            EFFECTS["recheck"].run(None, None)  # type: ignore[arg-type]
    finally:
        del EFFECTS["recheck"]
    assert points.names == ["effect recheck 1 / before"]


class Notes(WatchedSession):
    """An executor with an append that the product does not have; `no_decision` counts for nothing."""

    def _carry(self, journal: Journal, served: Serving) -> Finished:
        journal.append(Draft(kind="no_decision", body={"code": "no_decision.noted"}, checkpoint="cp0"))
        return super()._carry(journal, served)


class NotingWorld(CrashWorld):
    executor = Notes


def test_a_new_append_joins_and_a_crash_there_is_tried(stage: Stage) -> None:
    way = WAYS["happy path"]
    tried = Matrix(stage(way, NotingWorld), way, Figures("a new append"))
    tried.singles("commit no_decision cp0 1 ")  # the other points are those of the happy path
    assert {"commit no_decision cp0 1 / after"} <= {left.point for left, _ in tried.first}
    assert tried.figures.points > 0
    assert tried.figures.wrong == []
