"""Theatres by the dozen, short waits, and the figures of what was played."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import NamespaceFactory
from tests.scenarios.bundles import edited, served
from tests.scenarios.conftest import RUNBOOK
from tests.scenarios.theatre import Theatre

from runbook_gate.configuration import Audit, Cluster, Settings
from runbook_gate.gate.bundle import Bundle
from runbook_gate.localcluster import LocalCluster
from runbook_gate.localcluster.seeding import Seeder

Stage = Callable[[], Theatre]
Figures = Callable[..., None]


@pytest.fixture(scope="session")
def brisk_bundle(opa_binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """The shipped policies with short pauses, and 5 s until a write without an answer is settled."""
    limits = [
        ("settle: 10000", "settle: 5000"),
        ("pause: {cp1: 5000, cp2: 3000, cp3: 5000, cp4: 5000}", "pause: {cp1: 500, cp2: 500, cp3: 500, cp4: 500}"),
        ("between_rounds: 5000", "between_rounds: 500"),
    ]
    return edited(tmp_path_factory.mktemp("brisk"), opa_binary, {RUNBOOK: limits})


@pytest.fixture(scope="session")
def brisk(brisk_bundle: Bundle, opa_binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """The same in a real OPA: settings with which a run uses it."""
    with served(tmp_path_factory.mktemp("brisk"), opa_binary, brisk_bundle) as settings:
        yield settings


@pytest.fixture(scope="session")
def stage(
    cluster: LocalCluster,
    seeder: Seeder,
    namespace_factory: NamespaceFactory,
    brisk: dict[str, Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> Stage:
    """Makes theatres with short pauses, each with a namespace, a folder and a task of its own."""
    root, numbers = tmp_path_factory.mktemp("stage"), itertools.count(1)
    settings = Settings(
        cluster=Cluster(kubeconfig=cluster.server.kubeconfig("executor")),
        audit=Audit(logs=(cluster.server.audit_log,)),
        **brisk,
    )

    def make() -> Theatre:
        folder = root / str(next(numbers))
        folder.mkdir()
        theatre = Theatre(folder, cluster, seeder, namespace_factory(), settings)
        theatre.submit()
        return theatre

    return make


@pytest.fixture
def figures(record_property: Callable[[str, object], None]) -> Figures:
    """Takes the figures of one row of the matrix, which are printed at the end."""

    def take(row: str, **numbers: int) -> None:
        record_property("row", [row, numbers])

    return take


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [report for kind in ("passed", "failed") for report in terminalreporter.stats.get(kind, [])]
    told_of = [value for report in reports for name, value in report.user_properties if name == "row"]
    if not told_of:
        return
    rows: dict[str, Counter[str]] = {}
    for row, numbers in told_of:
        rows.setdefault(row, Counter()).update(numbers)
    width = max(map(len, rows))
    terminalreporter.section("faults on every wire")
    for row, numbers in sorted(rows.items()):
        told = "  ".join(f"{number:4} {name.replace('_', ' ')}" for name, number in numbers.items())
        terminalreporter.write_line(f"{row:{width}}  {told}")
