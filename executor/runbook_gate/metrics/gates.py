"""How long the gate takes."""

from __future__ import annotations

import time
from typing import Any

from prometheus_client import Histogram

from runbook_gate.errors import NoDecision
from runbook_gate.gate.client import Exchange, Gate
from runbook_gate.models.runbook import Pins


class TimedGate:
    """A gate that times its questions.

    Args:
        inner: who is asked.
        seconds: where the time goes, by outcome.
    """

    def __init__(self, inner: Gate, seconds: Histogram) -> None:
        self._inner, self._seconds = inner, seconds

    def ask(self, document: dict[str, Any], pins: Pins) -> Exchange:
        """Ask for a decision on an input. A fault is an outcome, not an exception."""
        began = time.perf_counter()
        exchange = self._inner.ask(document, pins)
        outcome = "refused" if isinstance(exchange.outcome, NoDecision) else "accepted"
        self._seconds.labels(outcome).observe(time.perf_counter() - began)
        return exchange
