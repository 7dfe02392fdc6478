"""Worlds to crash in, and the figures at the end."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.crash.figures import Figures, table
from tests.crash.matrix import staged
from tests.crash.ways import WAYS, Way
from tests.crash.worlds import CrashWorld
from tests.scenarios.conftest import bundle, bundle_file, sidecar  # noqa: F401 - fixtures

from runbook_gate.gate.bundle import Bundle
from runbook_gate.gate.sidecar import Sidecar

_FIGURES = "crash matrix"

Stage = Callable[..., CrashWorld]


@pytest.fixture
def stage(tmp_path: Path, bundle: Bundle, sidecar: Sidecar) -> Stage:  # noqa: F811 - fixtures
    """Makes the world of a way."""

    made = itertools.count(1)

    def make(way: Way = WAYS["happy path"], world: type[CrashWorld] = CrashWorld) -> CrashWorld:
        folder = tmp_path / f"world-{next(made)}"
        folder.mkdir()
        return staged(world(folder, bundle, sidecar), way)

    return make


@pytest.fixture
def sampled(whole: bool) -> None:
    """For a sample of what --whole plays as a whole."""
    if whole:
        pytest.skip("a sample of what is played as a whole")


@pytest.fixture
def count(request: pytest.FixtureRequest) -> Iterator[Callable[[str], Figures]]:
    """Figures that are printed at the end of all tests."""
    counted = list[Figures]()

    def make(name: str) -> Figures:
        counted.append(Figures(name))
        return counted[-1]

    yield make
    for figures in counted:
        request.node.user_properties.append((_FIGURES, figures.plain()))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    # A test's figures are whole when its fixtures are torn down.
    reports = [report for report in terminalreporter.stats.get("", []) if report.when == "teardown"]
    parts: list[dict[str, Any]] = [value for one in reports for name, value in one.user_properties if name == _FIGURES]
    if parts:
        terminalreporter.section("crash matrix")
        for line in table(parts):
            terminalreporter.write_line(line)
