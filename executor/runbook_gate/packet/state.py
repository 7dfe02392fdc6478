"""What the packet says of the world: the newest read of the namespace, the registers, blocked probes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from runbook_gate.core.history import History
from runbook_gate.models.base import Labels
from runbook_gate.models.entry import Entry
from runbook_gate.models.packet import Blocker, LabelState, LiveState, RegisterVersion


def live_state(history: History) -> LiveState | None:
    """The newest read that showed the namespace, label by label against the approved tuple."""
    reads = [read for entry in reversed(history.entries) for read in _reads(entry)]
    shown = [read for read in reads if read["object"] and read["object"]["labels"] is not None]
    return _state(shown[0], reads[0]["http"], history.opened.task.labels) if shown else None


def register_versions(history: History) -> list[RegisterVersion]:
    """The registers as the newest gather saw them."""
    gathered = _newest(history, "gather")
    registers = gathered.body["registers"] if gathered else {}
    kept = ("outcome", "source_id", "version", "as_of_ms", "sha256")
    return [
        RegisterVersion.model_validate({"name": name, **{key: answer[key] for key in kept}})
        for name, answer in sorted(registers.items())
    ]


def blockers(history: History) -> list[Blocker]:
    """Probes of the newest round that were stopped by something with a name."""
    newest = _newest(history, "verify")
    servers = newest.body["servers"] if newest else []
    probes = [probe for server in servers for probe in server["probes"]]
    return [_blocker(probe) for probe in probes if _blocked(probe)]


def _newest(history: History, effect: str) -> Entry | None:
    found = [e for e in history.entries if e.kind == "observation" and e.body["effect"] == effect]
    return found[-1] if found else None


def _reads(entry: Entry) -> Iterator[dict[str, Any]]:
    if entry.kind != "observation":
        return
    match entry.body["effect"]:
        case "gather":
            yield entry.body["last"]
            yield entry.body["first"]
        case "resolve_write":
            yield entry.body["read"]
        case "verify":
            for server in reversed(entry.body["servers"]):
                yield server["last"]
                yield server["first"]


def _state(read: dict[str, Any], newest: dict[str, Any], approved: Labels) -> LiveState:
    found = read["object"]
    labels = [
        LabelState(key=key, approved=value, live=found["labels"].get(key), differs=found["labels"].get(key) != value)
        for key, value in sorted(approved.items())
    ]
    return LiveState(
        read_ms=read["http"]["answered_ms"],
        newest_read=str(newest["status"] or newest["outcome"]),
        uid=found["uid"],
        resource_version=found["resource_version"],
        labels=labels,
        restored=newest["status"] == 200 and not any(label.differs for label in labels),
    )


def _blocked(probe: dict[str, Any]) -> bool:
    message = probe["http"]["message"]
    return message is not None and message["pattern"] != "psa_violation"


def _blocker(probe: dict[str, Any]) -> Blocker:
    http = probe["http"]
    return Blocker(
        probe=probe["name"],
        status=http["status"],
        pattern=http["message"]["pattern"],
        plugin=http["message"]["plugin"],
    )
