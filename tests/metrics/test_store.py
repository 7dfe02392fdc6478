"""What the store tells of all processes, and what asking costs it."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from sqlalchemy import event
from tests.cli.conftest import Call
from tests.metrics.scraping import Watched, rises, samples, value
from tests.replay.replays import EXECUTOR, Recording, change

from runbook_gate.clock import SystemClock
from runbook_gate.ledger import Store
from runbook_gate.metrics import StoreCollector
from runbook_gate.metrics.figures import NewestFigures


@contextmanager
def opened(path: Path) -> Iterator[Store]:
    with Store.open(path, clock=SystemClock(), executor=EXECUTOR, read_only=True) as store:
        yield store


def scraped(collector: StoreCollector) -> str:
    registry = CollectorRegistry()
    registry.register(collector)
    return generate_latest(registry).decode()


def test_queue_escalations_and_pause(watched: Watched) -> None:
    world = watched.world
    for number in (1, 2, 3):
        world.submit(f"task-{number}", f"target-{number}")
    world.clock.sleep(100)
    world.waive("task-1", {"id": "EXC-1", "status": "open"})
    idle = watched.scrape()
    assert value(idle, "queue_due_tasks") == 3
    assert value(idle, "queue_oldest_due_age_seconds") == pytest.approx(100, abs=0.01)
    assert value(idle, "last_completion_timestamp_seconds") is None
    world.run("task-1")
    world.run("task-2")
    ended_ms = world.clock.read().at_ms
    world.clock.sleep(50)
    with world.open() as store:
        store.pauses.pause("a change", actor="leah")
    busy = watched.scrape()
    assert rises(idle, busy, "store_runs_total") == {("complete",): 1, ("escalated",): 1}
    assert value(busy, "queue_due_tasks") == value(busy, "store_unfinished_tasks") == 1
    assert value(busy, "open_escalations") == 1
    assert (value(busy, "open_escalation_oldest_age_seconds") or 0) >= 50
    assert value(busy, "last_completion_timestamp_seconds") == pytest.approx(ended_ms / 1000, abs=1)
    assert value(busy, "paused") == 1
    assert value(busy, "undelivered_packets") == 0
    [packet] = [*world.folder.glob("packets/*.md")]
    packet.unlink()
    assert value(watched.scrape(), "undelivered_packets") == 1
    with world.open() as store:
        store.escalations.acknowledge(packet.stem, actor="leah", note="seen")
        store.pauses.unpause(actor="leah")
    after = watched.scrape()
    assert value(after, "open_escalations") == value(after, "open_escalation_oldest_age_seconds") == 0
    assert value(after, "undelivered_packets") == value(after, "paused") == 0


def test_a_run_that_is_held_is_not_due_and_one_past_its_deadline_is_told(watched: Watched) -> None:
    watched.world.submit("task-1", "one")
    watched.world.stopping = iter([False] * 6 + [True] * 100).__next__
    with pytest.raises(Exception, match="Asked to stop"):
        watched.run("task-1")
    stopped = watched.scrape()
    assert value(stopped, "store_active_runs") == value(stopped, "queue_due_tasks") == 1
    assert value(stopped, "store_overdue_runs") == 0
    with watched.world.open() as store:
        store.leases.acquire(store.runs.list()[0].id, "somebody")
    assert value(watched.scrape(), "queue_due_tasks") == 0
    watched.world.clock.sleep(3600)
    assert value(watched.scrape(), "store_overdue_runs") == 1


def test_the_figures_are_those_of_the_auditors(call: Call, known: Recording, store_file: Path) -> None:
    """One run goes on, which `query figures` counts among the interrupted ones and a scrape does not."""
    change(store_file, "DELETE FROM entries WHERE run = ?", known.runs["left"])
    change(store_file, "DELETE FROM leases WHERE run = ?", known.runs["left"])
    change(store_file, "DELETE FROM runs WHERE id = ?", known.runs["left"])
    told = call("query", "figures", "-o", "json").document["figures"]
    with opened(store_file) as store:
        scrape = scraped(StoreCollector(store))
    assert {one["name"]: (one["count"], one["of"]) for one in told} == {
        one["name"]: (
            value(scrape, "figure_runs", figure=one["name"]),
            value(scrape, "figure_of_runs", figure=one["name"]),
        )
        for one in told
    }
    assert {one["name"]: one["count"] for one in told}["completed"] == 3


def test_a_few_runs_are_read_at_each_scrape_and_none_twice(known: Recording, store_file: Path) -> None:
    with opened(store_file) as store:
        figures = NewestFigures(store, at_once=2)
        with statements(store) as asked:
            about = [figures.read()[0]["completed"][1] for _ in range(5)]
        assert about == [2, 4, 6, 7, 7]
        read = [one for one in asked if "FROM entries" in one]
        assert len(read) == 7, "each run once"
        assert NewestFigures(store, newest=3).read()[0]["completed"][1] <= 3


def test_a_run_that_cannot_be_read_is_told(known: Recording, store_file: Path) -> None:
    change(store_file, "UPDATE entries SET data = x'7b7d' WHERE run = ? AND seq = 3", known.runs["plain"])
    with opened(store_file) as store:
        scrape = scraped(StoreCollector(store))
    assert value(scrape, "unreadable_runs") == 1
    assert value(scrape, "figure_of_runs", figure="completed") == 6


def test_a_store_that_cannot_be_read_is_told_and_nothing_else(known: Recording, store_file: Path) -> None:
    with opened(store_file) as store:
        collector = StoreCollector(store, fresh_s=0)
        assert value(scraped(collector), "store_up") == 1
        with sqlite3.connect(store_file) as connection:
            connection.execute("ALTER TABLE runs RENAME TO gone")
        assert {name for name, _ in samples(scraped(collector))} == {"runbook_gate_store_up"}
        assert value(scraped(collector), "store_up") == 0


def test_many_scrapes_ask_once(known: Recording, store_file: Path) -> None:
    now = [0.0]
    with opened(store_file) as store:
        collector = StoreCollector(store, fresh_s=5, timer=lambda: now[0])
        scraped(collector)
        with statements(store) as asked:
            scraped(collector)
            now[0] = 4.9
            scraped(collector)
            assert asked == []
            now[0] = 5.0
            scraped(collector)
        assert asked


def test_no_table_is_walked(known: Recording, store_file: Path) -> None:
    """Of what grows with the finished runs, only an index of `runs` and the packets are looked through."""
    with opened(store_file) as store:
        figures = NewestFigures(store)
        figures.read()
        with statements(store) as asked:
            scraped(StoreCollector(store, figures=figures, packet_dir=store_file.parent, receiver=True))
    with sqlite3.connect(store_file) as connection:
        plans = {one: [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {_plain(one)}")] for one in asked}
    walked = {step for steps in plans.values() for step in steps if step.startswith("SCAN")}
    assert walked - {"SCAN newest", "SCAN anon_1"} <= {
        "SCAN runs USING COVERING INDEX runs_by_deadline",
        "SCAN runs USING INDEX sqlite_autoindex_runs_1",  # the newest 500, from the end
        "SCAN packets USING INDEX packets_by_target",
        "SCAN packets",
        "SCAN notifications USING INDEX notifications_undelivered",  # leaves out what was delivered
    }
    assert any("runs_by_deadline" in step for step in walked)


@contextmanager
def statements(store: Store) -> Iterator[list[str]]:
    """What is asked of the database meanwhile."""
    asked: list[str] = []
    engine = store._database._reader

    def note(connection: object, cursor: object, statement: str, *rest: object) -> None:
        if statement.startswith("SELECT"):
            asked.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(engine, "before_cursor_execute", note)


def _plain(statement: str) -> str:
    return re.sub(r"\?", "1", statement)
