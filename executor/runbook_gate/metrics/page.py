"""docs/metrics.md, made from the catalogue (`make docs`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from runbook_gate.metrics import catalog
from runbook_gate.metrics.described import Described

_HEAD = """\
# Metrics

This page is made from `executor/runbook_gate/metrics/catalog.py` by `make docs`.

- A worker serves the first two tables on `/metrics`. A run that another process carried out counts in the second only:
  the store is asked when somebody scrapes, at most every 5 s. So of several workers on one store take `max` of the
  second table, never `sum`.
- `runbook-gate run --metrics-file FILE` (setting `metrics_file`) leaves the second and the third table, with
  `build_info`, in a file for node_exporter's textfile collector, however it ends; name it `*.prom`. All counters in it
  are the store's, so they never go backwards. It is exchanged in one step and readable for everybody.
- Every label takes its values from a short list. No run, task, target or person is ever one.
- `figure_*` are the figures of [questions.md](questions.md) over those of the newest 500 runs that ended, of which at
  most 50 are read at one scrape and none twice. `runbook-gate query figures` counts all runs, and names those behind
  each.
- [`alerts.yaml`](../deploy/monitoring/alerts.yaml) in `deploy/monitoring/` are alert rules, each with what to do; every
  one was seen firing, and not firing, in Prometheus's own engine.
  [`dashboard.json`](../deploy/monitoring/dashboard.json) beside it is a Grafana dashboard, and
  [`prometheus.yaml`](../deploy/monitoring/prometheus.yaml) the scrape job `runbook-gate` that the rules ask for.
"""
_TABLES = (
    ("What a process does", catalog.PROCESS),
    ("What the store knows of all processes", catalog.STORE),
    ("What a one-shot start leaves besides", catalog.TEXTFILE),
)


def page() -> str:
    """The whole page."""
    return "\n".join([_HEAD, *(line for title, described in _TABLES for line in _table(title, described))])


def _table(title: str, every: Iterable[Described]) -> Iterator[str]:
    yield f"## {title}\n"
    yield "| metric | kind | labels | tells |\n|---|---|---|---|"
    for one in every:
        labels = "; ".join(f"`{name}`: {values}" for name, values in one.labels)
        yield f"| `{one.full_name}` | {one.kind} | {labels} | {one.told} |"
    yield ""
