"""What a scrape says, and an executor that is scraped."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families
from tests.fakes.gate import PINS
from tests.fakes.runs import LittleWorld

from runbook_gate.engine.narration import Silent
from runbook_gate.errors import NoDecision
from runbook_gate.gate.address import Address
from runbook_gate.gate.bundle import Bundle
from runbook_gate.gate.client import OpaGate
from runbook_gate.gate.sidecar import Sidecar
from runbook_gate.ledger import Finished
from runbook_gate.metrics import Metrics, StoreCollector
from runbook_gate.metrics.described import PREFIX

Series = tuple[str, frozenset[tuple[str, str]]]
METRIC = re.compile(rf"\b{PREFIX}_[a-z0-9_]+")


def samples(scrape: str) -> dict[Series, float]:
    """Each series of a scrape and its value."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(scrape)
        for sample in family.samples
    }


def value(scrape: str, name: str, **labels: str) -> float | None:
    """The value of one series, named without prefix; None if it is not there."""
    return samples(scrape).get((f"{PREFIX}_{name}", frozenset(labels.items())))


def rises(before: str, after: str, name: str) -> Mapping[tuple[str, ...], float]:
    """By how much the series of a metric rose, by the values of their labels in order of the labels' names."""
    old, new = samples(before), samples(after)
    return {
        tuple(text for _, text in sorted(series[1])): number - old.get(series, 0)
        for series, number in new.items()
        if series[0] == f"{PREFIX}_{name}" and number != old.get(series, 0)
    }


class Watched:
    """A little world whose executors count, and whose store is open and asked at each scrape, as a worker's is."""

    def __init__(self, folder: Path, bundle: Bundle, sidecar: Sidecar) -> None:
        self.world = LittleWorld(folder, bundle, sidecar)
        self.registry = CollectorRegistry()
        self.world.metrics = self.metrics = Metrics(self.registry, revision=bundle.content_sha256)
        self.store = self.world.open()
        packets = self.world.settings.packet_dir
        self.registry.register(StoreCollector(self.store, packet_dir=packets, receiver=True, fresh_s=0))
        self.receives = True

    def run(self, task_id: str) -> Finished:
        """Carry a task out as a worker does."""
        with self.metrics.faults():
            return self.world.run(task_id)

    def scrape(self) -> str:
        """What a worker would answer now, once it has sent what is due to a receiver that takes it, or does not."""
        while self.receives and (found := self.store.outbox.due()):
            self.store.outbox.reserve(found)
            self.store.outbox.settle(found.id, None)
        return generate_latest(self.registry).decode()


def refuse(watched: Watched) -> None:
    """Ask a sidecar that is not there, as a run does, and tell its refusal."""
    gate = OpaGate(Address(socket=str(watched.world.folder / "nobody.sock")), timeout_s=1)
    asked = {"run_id": "r", "step": "restore", "checkpoint": "cp0", "ledger_head": "0" * 64}
    outcome = watched.metrics.gate(gate).ask(asked, PINS).outcome
    gate.close()
    assert isinstance(outcome, NoDecision)
    watched.metrics.narrator(Silent()).refused(outcome)
