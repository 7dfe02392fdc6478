"""The scrape configuration is Prometheus's, finds the workers' Service, and sets the job that the rules ask for."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml
from tests.metrics.timelines import MONITORING, RULES, promtool

CONFIGURATION = MONITORING / "prometheus.yaml"
SERVICE = MONITORING.parent / "overlays" / "worker" / "service.yaml"


def job() -> dict[str, Any]:
    jobs: list[dict[str, Any]] = yaml.safe_load(CONFIGURATION.read_text())["scrape_configs"]
    assert len(jobs) == 1
    return jobs[0]


def test_prometheus_reads_it_with_the_rules(tmp_path: Path) -> None:
    """But for how the pods are found: the promtool of the tests is built without service discovery."""
    whole = yaml.safe_load(CONFIGURATION.read_text())
    assert [MONITORING / one for one in whole["rule_files"]] == [RULES]
    [scraped] = whole["scrape_configs"]
    [found] = scraped.pop("dns_sd_configs")
    assert found.keys() == {"names", "type", "port"}
    scraped["static_configs"] = [{"targets": [f"{name}:{found['port']}" for name in found["names"]]}]
    file = tmp_path / "prometheus.yaml"
    file.write_text(yaml.safe_dump({**whole, "rule_files": [str(RULES)]}))
    assert "rules found" in promtool(["check", "config", str(file)])


def test_it_sets_the_job_that_the_rules_ask_for() -> None:
    asked = set(re.findall(r'job="([^"]+)"', RULES.read_text()))
    assert asked == {job()["job_name"]}


def test_it_finds_the_service_of_the_workers() -> None:
    service = yaml.safe_load(SERVICE.read_text())
    about = service["metadata"]
    [found] = job()["dns_sd_configs"]
    assert found["names"] == [f"{about['name']}.{about['namespace']}.svc"]
    assert found["port"] in [one["port"] for one in service["spec"]["ports"] if one["name"] == "metrics"]
    assert service["spec"]["clusterIP"] == "None", "else its name is one address for all workers"
