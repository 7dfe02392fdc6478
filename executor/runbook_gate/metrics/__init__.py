"""What operators watch, by prometheus-client.

    registry = CollectorRegistry()
    metrics = Metrics(registry, revision=bundle.content_sha256, endpoints=[one.name for one in endpoints])
    registry.register(StoreCollector(store, packet_dir=settings.packet_dir, receiver=bool(settings.notifications.url)))
    session = Session(..., metrics.narrator(teller), gate=metrics.gate, world=metrics.world(surroundings))
    with metrics.faults():
        session.run_task(task)

- `Metrics` counts what this process does: `narrator` what happens in runs, `gate` and `calls` (for a whole world:
  `world`) how long requests take, `faults` what ends them early. Each run at a time has a narrator of its own; one
  `Metrics` serves any number of threads.
- `StoreCollector` asks the store when it is scraped, at most every few seconds: what every process did counts there.
- `textfile` is for processes that end before anybody could scrape them. It holds only what the store knows, so no
  counter goes backwards between two of them.
- Everything hangs on the registry that is handed in. Every metric stands in `catalog`, and docs/metrics.md is made
  from it.
"""

from runbook_gate.metrics.instruments import Metrics
from runbook_gate.metrics.stored import StoreCollector

__all__ = ["Metrics", "StoreCollector"]
