"""A namespace's life as the API server's audit log tells it, which no executor can embellish."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runbook_gate.timestamps import rfc3339_ms

_WRITING = {"create", "update", "patch", "delete", "deletecollection"}


@dataclass(frozen=True)
class Write:
    """One request to write a namespace that reached the API server.

    Attributes:
        audit_id: its Audit-ID.
        verb: what for.
        user: who sent it.
        namespace: of what.
        code: HTTP status of the answer; None if the server died before it answered.
        base: resourceVersion that it wanted; None if it wanted none.
        asked: labels that it sent.
        received_ms: when it came in.
    """

    audit_id: str
    verb: str
    user: str
    namespace: str
    code: int | None
    base: int | None
    asked: Mapping[str, str | None]
    received_ms: int


@dataclass(frozen=True)
class Version:
    """The namespace after a write that landed.

    Attributes:
        number: resourceVersion.
        labels: its labels.
        write: by which it came.
    """

    number: int
    labels: Mapping[str, str]
    write: Write


def events_of(log: Path, about: str = "") -> Iterator[dict[str, Any]]:
    """The events in an audit log, rotated files first; a line that is being written is not one yet.

    Args:
        log: the current file.
        about: what an event must name.
    """
    for path in [*sorted(log.parent.glob(f"{log.stem}-*{log.suffix}")), log]:
        with path.open(encoding="utf-8") as lines:
            yield from (json.loads(line) for line in lines if about in line and line.endswith("\n"))


def told(events: Iterable[Mapping[str, Any]], namespace: str) -> tuple[list[Write], list[Version]]:
    """Every real write of a namespace as it came in, and every state that came of one, by resourceVersion."""
    writes, versions = list[Write](), dict[int, Version]()
    for event in events:
        about = event.get("objectRef") or {}
        mine = (about.get("resource"), about.get("name")) == ("namespaces", namespace)
        if not mine or event["verb"] not in _WRITING or "dryRun=All" in event.get("requestURI", ""):
            continue
        write = _write(event, namespace)
        writes.append(write)
        metadata = (event.get("responseObject") or {}).get("metadata") or {}
        if write.code in {200, 201} and metadata.get("resourceVersion"):
            number = int(metadata["resourceVersion"])
            # A write without effect is answered with the version that was there.
            versions.setdefault(number, Version(number, metadata.get("labels") or {}, write))
    return sorted(writes, key=lambda write: write.received_ms), sorted(versions.values(), key=lambda one: one.number)


def _write(event: Mapping[str, Any], namespace: str) -> Write:
    sent = event.get("requestObject")
    metadata = (sent.get("metadata") or {}) if isinstance(sent, dict) else {}
    base = metadata.get("resourceVersion")
    return Write(
        audit_id=event["auditID"],
        verb=event["verb"],
        user=event["user"]["username"],
        namespace=namespace,
        code=(event.get("responseStatus") or {}).get("code"),
        base=int(base) if base else None,
        asked=metadata.get("labels") or {},
        received_ms=rfc3339_ms(event["requestReceivedTimestamp"]) or 0,
    )
