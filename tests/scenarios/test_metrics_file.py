"""The metrics file of the real program on the real API server: what one-shot starts leave, one after the other."""

from __future__ import annotations

import json
import os
import stat

from prometheus_client.parser import text_string_to_metric_families
from tests.metrics.scraping import samples, value
from tests.metrics.timelines import promtool
from tests.scenarios.process import start
from tests.scenarios.theatre import Theatre

from runbook_gate import __version__
from runbook_gate.gate.bundle import Bundle
from runbook_gate.metrics import catalog


def left(theatre: Theatre, *arguments: str) -> tuple[int, str, str]:
    """Exit status, the metrics file, and stderr of `runbook-gate run ARGUMENTS`."""
    with start(theatre, "run", *arguments, "--metrics-file", "node.prom", "-o", "json") as process:
        try:
            _, told = process.communicate(timeout=120)
        finally:
            process.kill()
    file = theatre.folder / "node.prom"
    return process.returncode, file.read_text() if file.exists() else "", told


def test_what_starts_leave_never_goes_backwards(theatre: Theatre, bundle: Bundle) -> None:
    old_mask = os.umask(0o077)
    try:
        status, idle, _ = left(theatre, "--next")
        assert status == 0
        assert value(idle, "last_start_exit_status") == 0
        assert value(idle, "store_runs_total", outcome="complete") == 0
        theatre.submit()
        status, done, _ = left(theatre, "--next")
    finally:
        os.umask(old_mask)
    assert status == 0, theatre.codes()
    assert value(done, "store_runs_total", outcome="complete") == 1
    assert value(done, "figure_runs", figure="completed") == value(done, "figure_of_runs", figure="completed") == 1
    assert value(done, "build_info", version=__version__, revision=bundle.content_sha256) == 1
    ended_s = theatre.history().newest.at_ms / 1000
    assert value(done, "last_completion_timestamp_seconds") == ended_s
    assert ended_s <= (value(done, "last_start_timestamp_seconds") or 0) <= ended_s + 120
    assert stat.S_IMODE((theatre.folder / "node.prom").stat().st_mode) == 0o644, "node_exporter is another user"
    theatre.register("platform_exceptions", lambda told: told.update(total=1, records=[{"id": "E", "status": "open"}]))
    task = theatre.submit("task-2")
    status, escalated, _ = left(theatre, task)
    assert status == value(escalated, "last_start_exit_status") == 10
    assert value(escalated, "open_escalations") == 1
    for older, newer in ((idle, done), (done, escalated)):
        later = samples(newer)
        for series, number in samples(older).items():
            if series[0].endswith("_total"):
                assert later[series] >= number, series
    promtool(["check", "metrics"], escalated)
    names = {family.name for family in text_string_to_metric_families(escalated)}
    wanted = {described.full_name.removesuffix("_total") for described in (*catalog.STORE, *catalog.TEXTFILE)}
    without_receiver = {catalog.UNTOLD.full_name, catalog.UNTOLD_AGE.full_name}
    assert names == (wanted | {catalog.BUILD.full_name}) - without_receiver
    assert not [path for path in theatre.folder.iterdir() if "node.prom-" in path.name]


def test_a_start_that_fails_leaves_it_too(theatre: Theatre) -> None:
    (theatre.folder / "broken.sqlite").write_bytes(b"no database, however long it is looked at" * 100)
    status, failed, _ = left(theatre, "--next", "--store", "broken.sqlite")
    assert status == value(failed, "last_start_exit_status") == 13
    assert value(failed, "store_up") == 0
    assert value(failed, "store_runs_total", outcome="complete") is None


def test_a_file_that_cannot_be_written_is_told_and_stops_nothing(theatre: Theatre) -> None:
    with start(theatre, "run", "--next", "--metrics-file", "nowhere/node.prom", "-o", "json") as process:
        out, told = process.communicate(timeout=60)
    assert process.returncode == 0
    assert json.loads(out)["outcome"] == "idle"
    assert "metrics_file nowhere/node.prom: No such file or directory" in told
