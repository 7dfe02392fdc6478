"""A run on the real API server with a real OPA, scraped over HTTP meanwhile and afterwards."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, start_http_server
from tests.metrics.scraping import rises, samples, value
from tests.metrics.timelines import promtool
from tests.scenarios.theatre import Director, Theatre, assert_completed

from runbook_gate.metrics import Metrics, StoreCollector
from runbook_gate.models.entry import Entry
from runbook_gate.session import Session
from runbook_gate.surroundings import surroundings


@contextmanager
def served(registry: CollectorRegistry) -> Iterator[str]:
    """The address of a registry's scrape."""
    server, thread = start_http_server(0, addr="127.0.0.1", registry=registry)
    try:
        yield f"http://127.0.0.1:{server.server_port}/metrics"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_run_is_seen_while_it_goes_on_and_when_it_has_ended(theatre: Theatre) -> None:
    registry = CollectorRegistry()
    metrics = Metrics(registry)
    theatre.submit()
    seen: list[str] = []
    with theatre.store() as store, served(registry) as address:
        registry.register(StoreCollector(store, packet_dir=theatre.settings.packet_dir, fresh_s=0))

        def scrape(_: Entry | None = None) -> None:
            with urllib.request.urlopen(address, timeout=30) as answer:
                seen.append(answer.read().decode())

        scrape()
        session = Session(
            theatre.settings,
            store,
            metrics.narrator(Director({"decided:cp2:proceed": scrape})),
            clock=theatre.clock,
            gate=metrics.gate,
            world=metrics.world(surroundings),
        )
        with metrics.faults():
            finished = session.run_task("task-1")
        scrape()
    assert_completed(theatre, finished, writes=1)
    before, during, after = seen
    assert value(during, "store_active_runs") == 1
    assert value(during, "queue_due_tasks") == 0, "it is held"
    assert value(after, "store_runs_total", outcome="complete") == 1
    decided = {"cp0 proceed", "cp1 proceed", "cp2 proceed", "cp3 wait", "cp3 proceed", "cp4 complete"}
    assert {" ".join(labels) for labels in rises(before, after, "decisions_total")} >= decided
    asked = sum(rises(before, after, "gate_request_duration_seconds_count").values())
    assert asked == len(theatre.asked())
    assert rises(before, after, "api_requests_total")["default", "answered", "patch"] == 1
    for series, number in samples(during).items():
        if series[0].endswith(("_total", "_count", "_bucket")):
            assert samples(after)[series] >= number, series
    promtool(["check", "metrics"], after)
