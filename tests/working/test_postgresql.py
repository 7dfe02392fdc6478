"""`work` with its ledger on a real PostgreSQL server: several processes, a server that is away, tables that change."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.ledger.migrations import toys
from tests.ledger.migrations.stores import FIRST
from tests.metrics.scraping import value
from tests.metrics.timelines import Scrapes
from tests.postgresql.databases import store_on
from tests.postgresql.server import PostgresServer
from tests.working.conftest import Fleet, asked, ended, until

from runbook_gate.clock import SystemClock
from runbook_gate.exit_statuses import ExitStatus
from runbook_gate.ledger import Server
from runbook_gate.ledger.migrations import alone, upgrade
from runbook_gate.processes import free_port
from runbook_gate.store_url import StoreUrl

pytestmark = pytest.mark.scenario
ALERT = "RunbookGateStoreFault"


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with PostgresServer() as started:
        yield started


@pytest.fixture
def shared(fleet: Fleet, server: PostgresServer) -> Iterator[Fleet]:
    """A fleet whose ledger is on the server."""
    file = fleet.stage.settings.store
    fleet.stage.settings = fleet.stage.settings.model_copy(update={"store": store_on(server)})
    yield fleet
    fleet.stage.settings = fleet.stage.settings.model_copy(update={"store": file})


def test_two_processes_on_one_queue_give_each_task_one_run(shared: Fleet) -> None:
    tasks = shared.submit(2)
    with (
        shared.working("--until-empty", "--concurrency", "2") as one,
        shared.working("--until-empty", "--concurrency", "2") as other,
    ):
        ends = [ended(one), ended(other)]
    assert sum(end.out["complete"] + end.out["escalated"] for end in ends) == len(tasks), ends
    assert [end.out["faults"] for end in ends] == [[], []]
    shared.assert_kept(tasks)


def test_a_server_that_is_away_for_a_while_is_waited_for_and_every_task_ends(
    shared: Fleet, server: PostgresServer, tmp_path: Path
) -> None:
    """Prometheus hears of it by the alert that a person is to be called by, and by no other."""
    port, tasks = free_port(), shared.submit(1)
    timeline = Scrapes(tmp_path, time.time_ns() // 1_000_000_000 * 1000)
    with shared.working("--concurrency", "2", "--listen", f"127.0.0.1:{port}") as started:
        until(lambda: any(run.state != "active" for run in shared.runs()))
        watch(timeline, port, store_up=1)
        timeline.expect()
        server.crash()
        try:
            until(lambda: unready(port, "store"))
            watch(timeline, port, store_up=0)
            timeline.expect(ALERT)
        finally:
            server.start()
        until(lambda: asked(port, "/readyz")[0] == 200)
        until(lambda: shared.have_ended(tasks), 150)
        # A packet whose delivery met the crash is delivered with what is looked after now and then.
        until(lambda: len(shared.stage.packets()) == len(tasks) // 2)
        watch(timeline, port, store_up=1, store_unfinished_tasks=0, undelivered_packets=0)
        timeline.expect(ALERT)  # what it did not get done is some minutes old
        timeline.hold(12)
        timeline.expect()
        started.send_signal(signal.SIGTERM)
        end = ended(started)
    assert (end.status, end.out["left"]) == (0, 0), end
    assert {"trouble", "fault"} & {line["event"] for line in end.log}  # between two runs, or in the middle of one
    shared.assert_kept(tasks)
    timeline.check()


# --- tables that change ---


def test_idle_workers_of_an_older_release_end_and_do_nothing(
    shared: Fleet, server: PostgresServer, tmp_path: Path
) -> None:
    """They are idle because every task is due later; one is due from the moment at which the tables are others."""
    ports, [task, *others] = (free_port(), free_port()), shared.submit(1)
    with shared.stage.store() as store:
        for one in (task, *others):
            store.tasks.defer(one, SystemClock().read().at_ms + 3_600_000)
    one_at, other_at = (f"127.0.0.1:{port}" for port in ports)
    with (
        shared.working("--listen", one_at) as for_ever,
        shared.working("--listen", other_at, "--until-empty") as until_empty,
    ):
        until(lambda: [asked(port, "/readyz")[0] for port in ports] == [200, 200])
        before = changed(shared, tmp_path, task)
        ends = [ended(for_ever), ended(until_empty)]
    assert rows(shared, server) == before
    for end in ends:
        assert (end.status, end.out["error"]["kind"]) == (ExitStatus.LEDGER, "LedgerOfAnotherVersion"), end
        assert f"version {toys.NEXT} of the tables" in end.out["error"]["message"]
        assert {"trouble", "fault"} & {line["event"] for line in end.log} == set()  # said once, and not waited for
        assert (end.log[-1]["event"], end.log[-1]["kind"]) == ("failed", "LedgerOfAnotherVersion")


def changed(fleet: Fleet, folder: Path, task: str) -> dict[str, list[Any]]:
    """Upgrade the store as a later release would, let a task be due, and say what is in it then."""
    url = fleet.stage.settings.store
    assert isinstance(url, StoreUrl)
    place, revisions = Server(url), toys.revisions(folder / "toys")
    with alone(place, busy_ms=30_000) as connection:
        upgrade(connection, place, SystemClock(), revisions=revisions)
        connection.exec_driver_sql("UPDATE tasks SET not_before_ms = 0 WHERE id = %s", (task,))
        return {table: list(map(tuple, connection.exec_driver_sql(_ROWS.format(table)))) for table in FIRST}


_ROWS = "SELECT * FROM {} ORDER BY 1, 2"


def rows(fleet: Fleet, server: PostgresServer) -> dict[str, list[Any]]:
    """Everything in the store, of whatever version."""
    url = fleet.stage.settings.store
    assert isinstance(url, StoreUrl)
    with server.connect(url.dbname) as connection:
        return {table: connection.execute(_ROWS.format(table)).fetchall() for table in FIRST}


# --- what it says ---


def unready(port: int, part: str) -> bool:
    """Whether a worker says that it lacks a part."""
    status, told = asked(port, "/readyz")
    return status == 503 and part in json.loads(told)["problems"]


def watch(timeline: Scrapes, port: int, **wanted: float) -> None:
    """Two minutes of what a worker says, once the store was asked anew and it is this."""
    told = [""]

    def says() -> bool:
        told[0] = asked(port, "/metrics")[1]
        return all(value(told[0], name) == number for name, number in wanted.items())

    until(says)
    timeline.hold(2, told[0])
