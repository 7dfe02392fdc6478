"""Scrapes minute by minute, and promtool's word on which alerts fire at the end: the engine is Prometheus's own."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

from tests.metrics.scraping import Series, Watched, samples

from runbook_gate.binaries import find_tool

MONITORING = Path(__file__).resolve().parents[2] / "deploy" / "monitoring"
RULES = MONITORING / "alerts.yaml"
_FIRING = 'group by (alertname) (ALERTS{alertstate="firing"})'


@dataclass
class Scrapes:
    """A scrape a minute, of one worker or of one node's textfile, and what is expected at some of them.

    Attributes:
        folder: where the files for promtool are.
        began_ms: when the first one was.
        job: under which Prometheus scrapes it.
    """

    folder: Path
    began_ms: int
    job: str = "runbook-gate"
    scrapes: list[str | None] = field(default_factory=list)
    expected: list[dict[str, Any]] = field(default_factory=list)

    def hold(self, minutes: int, scrape: str | None = None) -> None:
        """Let every scrape of a time say what this one, or the newest, said: for what does not change by itself."""
        self.scrapes += [scrape or self.scrapes[-1]] * minutes

    def away(self, minutes: int) -> None:
        """Let nobody answer."""
        self.scrapes += [None] * minutes

    def expect(self, *alerts: str) -> None:
        """Exactly these fire at the newest scrape."""
        found = [{"labels": f'{{alertname="{alert}"}}', "value": 1} for alert in sorted(alerts)]
        self.expected.append({"expr": _FIRING, "eval_time": f"{len(self.scrapes) - 1}m", "exp_samples": found})

    def check(self, rules: Path = RULES) -> None:
        """Ask promtool.

        Raises:
            AssertionError: other alerts fired; with what promtool says.
        """
        test = {
            "interval": "1m",
            "start_timestamp": self.began_ms // 1000,
            "input_series": [{"series": name, "values": values} for name, values in self._series().items()],
            "promql_expr_test": self.expected,
        }
        file = self.folder / "timeline.json"  # JSON is YAML
        file.write_text(json.dumps({"rule_files": [str(rules)], "evaluation_interval": "1m", "tests": [test]}))
        promtool(["test", "rules", str(file)])

    def _series(self) -> dict[str, str]:
        parsed = {scrape: samples(scrape) for scrape in {*self.scrapes} - {None} if scrape is not None}
        found = [parsed[scrape] if scrape is not None else {} for scrape in self.scrapes]
        named = {one for each in parsed.values() for one in each}
        series: dict[Series, list[float | None]] = {one: [each.get(one) for each in found] for one in named}
        series["up", frozenset()] = [float(scrape is not None) for scrape in self.scrapes]
        return {self._named(one): " ".join(_shown(values)) for one, values in series.items()}

    def _named(self, series: Series) -> str:
        labels = {**dict(series[1]), "job": self.job, "instance": "one:9187"}
        return f"{series[0]}{{{','.join(f'{name}={json.dumps(text)}' for name, text in sorted(labels.items()))}}}"


class Timeline(Scrapes):
    """Scrapes of an executor whose clock moves with them.

    Args:
        watched: the executor.
    """

    def __init__(self, watched: Watched) -> None:
        super().__init__(watched.world.folder, watched.world.clock.read().at_ms // 1000 * 1000)
        self._watched = watched

    def watch(self, minutes: int, *, every: int = 1) -> None:
        """Scrape while nothing else happens, each minute or every few."""
        for _ in range(0, minutes, every):
            self.hold(every, self._watched.scrape())

    def hold(self, minutes: int, scrape: str | None = None) -> None:
        """As for all scrapes, and the clock moves."""
        super().hold(minutes, scrape)
        self._watched.world.clock.sleep(60 * minutes)

    def away(self, minutes: int) -> None:
        """As for all scrapes, and the clock moves."""
        super().away(minutes)
        self._watched.world.clock.sleep(60 * minutes)


def _shown(values: Iterable[float | None]) -> Iterator[str]:
    """`5x2` is 5, and 5 twice more."""
    for value, some in groupby(values):
        yield f"{'_' if value is None else repr(float(value))}x{len(list(some)) - (value is not None)}"


def promtool(arguments: list[str], given: str | None = None) -> str:
    """Run promtool.

    Returns:
        What it says.

    Raises:
        AssertionError: it found something; with what it says.
    """
    done = subprocess.run(
        [find_tool("promtool"), *arguments], input=given, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
