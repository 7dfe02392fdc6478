"""What a run's newest reads say when its next effect is made."""

from __future__ import annotations

from typing import Any

from runbook_gate.clock import Reading
from runbook_gate.core.history import History
from runbook_gate.models.entry import Entry

# From the last read of the namespace to the append of the intent (design.md, Gather).
FRESH_MS = 500


def fresh(history: History, recorded: Entry) -> bool:
    """Whether the last read was made a moment before an entry, in this boot of the machine."""
    gathered = _gathered(history)[-1]
    age_ms: int = recorded.boottime_ms - gathered.body["last"]["read_boottime_ms"]
    return recorded.boot_id == gathered.boot_id and age_ms <= FRESH_MS


def in_the_same_database(history: History, recorded: Entry) -> bool:
    """Whether the ledger is where it was when the gate was told where it is: a failover shows at the next entry."""
    gathered = _gathered(history)[-1]
    now = recorded.database
    told: object = gathered.body["ledger"].get("database")
    return told == (now.model_dump(mode="json") if now else None)


def since_ms(history: History) -> int:
    """Writes of the namespace matter from the read before the first intent on, else from the opening on."""
    made = history.attempts(history.step)
    if not made:
        return history.entries[0].at_ms
    return int(made[0].intent.body["read_date_ms"] or made[0].intent.at_ms)


def last_read(history: History) -> dict[str, Any]:
    """The newest gather's last read of the namespace; empty before the first."""
    gathered = _gathered(history)
    read: dict[str, Any] = gathered[-1].body["last"] if gathered else {}
    return read


def reading(entry: Entry) -> Reading:
    """The clock when an entry was made."""
    return Reading(entry.at_ms, entry.boottime_ms, entry.boot_id)


def _gathered(history: History) -> list[Entry]:
    return list(history.observations("gather", step=history.step))
