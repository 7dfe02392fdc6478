"""Tasks whose run ends soon, because their prequalification does."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.scenarios.theatre import Theatre

from runbook_gate.demo.stage import rfc3339


def prequalified_for(seconds: int) -> dict[str, Any]:
    """Fields of a task that is prequalified for so long, less the part of a second that RFC 3339 drops here."""
    until = rfc3339(datetime.now(UTC) + timedelta(seconds=seconds))
    return {"prequalification": {"reference": "CHG-20431", "by": "platform-governance", "until": until}}


def wait_for_the_deadline(theatre: Theatre) -> None:
    """Let the newest run's deadline pass."""
    left_ms = theatre.history().opened.deadline_ms - theatre.clock.read().at_ms
    time.sleep(max(0, left_ms) / 1000)
