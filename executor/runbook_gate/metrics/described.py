"""What is said of a metric once, and what prometheus-client makes of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

PREFIX: Final = "runbook_gate"

Kind = Literal["counter", "gauge", "histogram"]
Source = Literal["process", "store", "textfile"]


@dataclass(frozen=True)
class Described:
    """A metric.

    Attributes:
        name: without prefix, and of a counter without `_total`.
        kind: how its values go.
        source: who knows it: this process, the store, or the file of a one-shot start.
        told: what it tells, as HELP.
        labels: names of its labels, each with its values.
        buckets: of a histogram, upper limits.
    """

    name: str
    kind: Kind
    source: Source
    told: str
    labels: tuple[tuple[str, str], ...] = ()
    buckets: tuple[float, ...] = ()

    @property
    def full_name(self) -> str:
        """As it is scraped."""
        return f"{PREFIX}_{self.name}{'_total' if self.kind == 'counter' else ''}"

    @property
    def label_names(self) -> list[str]:
        """Names of its labels."""
        return [name for name, _ in self.labels]

    def counter(self, registry: CollectorRegistry) -> Counter:
        """It, counted by this process."""
        return Counter(f"{PREFIX}_{self.name}", self.told, self.label_names, registry=registry)

    def gauge(self, registry: CollectorRegistry) -> Gauge:
        """It, set by this process."""
        return Gauge(f"{PREFIX}_{self.name}", self.told, self.label_names, registry=registry)

    def histogram(self, registry: CollectorRegistry) -> Histogram:
        """It, observed by this process."""
        return Histogram(f"{PREFIX}_{self.name}", self.told, self.label_names, registry=registry, buckets=self.buckets)

    def family(self, values: Iterable[tuple[list[str], float]]) -> GaugeMetricFamily | CounterMetricFamily:
        """It, with values that were asked for, each under those of its labels."""
        make = CounterMetricFamily if self.kind == "counter" else GaugeMetricFamily
        family = make(f"{PREFIX}_{self.name}", self.told, labels=self.label_names)
        for labels, value in values:
            family.add_metric(labels, value)
        return family
