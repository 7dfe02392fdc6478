"""The dashboard, the rules and the page name metrics that a scrape has, and expressions that Prometheus can read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families
from tests.fakes.cluster import Fault
from tests.metrics.scraping import METRIC, Watched, refuse, samples
from tests.metrics.timelines import MONITORING, RULES, Timeline, promtool

from runbook_gate.configuration import Opa
from runbook_gate.errors import SidecarFault
from runbook_gate.exit_statuses import ExitStatus
from runbook_gate.metrics import catalog, textfile
from runbook_gate.metrics.page import page

DASHBOARD = MONITORING / "dashboard.json"
SCHEMA_VERSION = 39  # Grafana 11 and newer read it
# What Grafana puts in, as a minute's panel has it.
_VARIABLES = {"$__rate_interval": "4m", "$job": ".+"}


@pytest.fixture
def scrape(watched: Watched) -> str:
    """After a run that completed and one that escalated, an answer of the gate that was refused, and a fault."""
    refuse(watched)
    lost = [Fault("lost")]
    watched.world.fault = lambda request: lost.pop() if lost and request.method == "PATCH" else None
    watched.world.submit("task-1", "one")
    watched.run("task-1")
    watched.world.submit("task-2", "two")
    watched.world.waive("task-2", {"id": "EXC-1", "status": "open"})
    watched.run("task-2")
    served = watched.world.settings
    nobody = Opa(socket=watched.world.folder / "nobody.sock")
    watched.world.settings = served.model_copy(update={"opa": nobody})
    watched.world.submit("task-3", "three")
    with pytest.raises(SidecarFault):
        watched.run("task-3")
    return watched.scrape()


@pytest.fixture
def file(watched: Watched, scrape: str) -> str:
    """What a one-shot start would leave then."""
    now_ms = watched.world.clock.read().at_ms
    return textfile.text(
        watched.store,
        at_ms=now_ms,
        status=ExitStatus.COMPLETE,
        revision=None,
        packet_dir=watched.world.folder,
        receiver=True,
    ).decode()


def panels() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(DASHBOARD.read_text())["panels"]
    return found


def expressions() -> Iterator[tuple[str, str]]:
    for panel in panels():
        for target in panel.get("targets", []):
            expression = target["expr"]
            for name, text in _VARIABLES.items():
                expression = expression.replace(name, text)
            yield f"{panel['title']} {target['refId']}", expression


def test_every_metric_of_the_catalogue_is_scraped_and_no_other(scrape: str, file: str) -> None:
    described = {one.full_name.removesuffix("_total"): one for one in catalog.EVERY}
    worker = {family.name: family for family in text_string_to_metric_families(scrape)}
    families = {**worker, **{family.name: family for family in text_string_to_metric_families(file)}}
    created = {name for name in families if name.endswith("_created")}  # the library's, of counters and histograms
    assert families.keys() - created == described.keys()
    for name, one in described.items():
        family = families[name]
        assert (family.type, family.documentation) == (one.kind, one.told)
        labels = {frozenset(sample.labels) - {"le"} for sample in family.samples}
        assert labels == {frozenset(one.label_names)}, name
    assert {
        one.full_name.removesuffix("_total") for one in (*catalog.PROCESS, *catalog.STORE)
    } == worker.keys() - created


def test_names_are_as_prometheus_asks(scrape: str, file: str) -> None:
    promtool(["check", "metrics"], scrape)
    promtool(["check", "metrics"], file)
    with pytest.raises(AssertionError, match="_total"):
        promtool(["check", "metrics"], "# HELP a_thing b\n# TYPE a_thing counter\na_thing 1\n")


def test_every_metric_that_a_rule_or_a_panel_names_is_scraped(scrape: str, file: str) -> None:
    there = {name for text in (scrape, file) for name, _ in samples(text)}
    named = set(METRIC.findall(RULES.read_text())) | set(METRIC.findall(DASHBOARD.read_text()))
    assert named - there == set()
    shown = {re.sub("_(bucket|sum|count)$", "", name) for name in METRIC.findall(DASHBOARD.read_text())}
    assert {one.full_name for one in catalog.EVERY} <= shown, "a metric that no panel shows"


def test_every_label_that_a_rule_or_a_panel_selects_by_is_there(scrape: str, file: str) -> None:
    """A selector of a label or a value that no series has selects nothing, for ever."""
    series = [*samples(scrape), *samples(file)]
    texts = [expression for _, expression in expressions()]
    texts += [rule["expr"] for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]
    selectors = [found for text in texts for found in re.findall(r"(runbook_gate_\w+)\{([^}]*)\}", text)]
    assert selectors
    for name, inside in selectors:
        for label, test, pattern in re.findall(r'(\w+)(=~|=)"([^"]*)"', inside):
            if label != "job":
                values = {dict(labels).get(label, "") for one, labels in series if one == name}
                for wanted in pattern.split("|") if test == "=~" else [pattern]:
                    assert wanted in values, (name, label, wanted)


def test_every_panel_shows_something(watched: Watched, scrape: str, file: str) -> None:
    """Prometheus evaluates each expression over scrapes of a worker, or of what a start left, to some number."""
    timeline = Timeline(watched)
    timeline.hold(
        2, re.sub(r"^(runbook_gate_\S+_(total|bucket|count|sum)\S*) .*$", r"\1 0", scrape, flags=re.MULTILINE)
    )
    timeline.hold(3, "\n".join([scrape, *(line for line in file.splitlines() if "last_start" in line), ""]))
    for _, expression in expressions():
        timeline.expected.append({"expr": f"count({expression}) > bool 0", "eval_time": "3m", "exp_samples": _ONE})
    timeline.check()


_ONE = [{"labels": "{}", "value": 1}]


def test_the_dashboard_is_one_that_grafana_imports() -> None:
    document = json.loads(DASHBOARD.read_text())
    assert document["schemaVersion"] == SCHEMA_VERSION
    assert [one["name"] for one in document["templating"]["list"]] == ["datasource", "job"]
    ids = [panel["id"] for panel in panels()]
    assert len(ids) == len(set(ids))
    taken: set[tuple[int, int]] = set()
    for panel in panels():
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not taken & cells, panel["title"]
        assert max(x for x, _ in cells) < 24
        taken |= cells


def test_the_page_is_made_from_the_catalogue() -> None:
    assert (Path(__file__).resolve().parents[2] / "docs" / "metrics.md").read_text() == page()
