"""One look into an audit log, from its newest line backwards."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from runbook_gate.audit.lines import LineTooLongError, lines_backwards
from runbook_gate.audit.projection import audit_event
from runbook_gate.audit.protocol import AuditQuery
from runbook_gate.models.audit_answer import AuditEvent
from runbook_gate.shapes import mapping, text
from runbook_gate.timestamps import rfc3339_ms

DISORDER_MS: Final = 5_000
MAX_EVENTS: Final = 1_000
WRITES: Final = frozenset({"create", "update", "patch", "delete"})
_STAGE_TIME: Final = re.compile(rb'"stageTimestamp":\s*"([^"]{1,40})"')


class Look:
    """What was found so far.

    Attributes:
        events: of the Audit-IDs asked for.
        writes: to the namespace, not older than asked for.
        newest_ms: stage time of the newest event, whatever it is about; None before the first.
        readable: whether the files could be read and were not rotated meanwhile.
    """

    def __init__(self, query: AuditQuery) -> None:
        self.events: list[AuditEvent] = []
        self.writes: list[AuditEvent] = []
        self.newest_ms: int | None = None
        self.readable = True
        self._query = query
        self._wanted = [name.encode() for name in (query.namespace, *query.audit_ids)]
        self._reached = self._ended = self._damaged = False

    @property
    def complete(self) -> bool:
        """Whether an older event than asked for was seen, and every line on the way was one."""
        return self._reached and not self._damaged

    def into(self, file: Path) -> None:
        """Go through a file, unless what was asked for ended in a newer one.

        Raises:
            OSError: it cannot be read.
        """
        if self._ended:
            return
        with file.open("rb") as source:
            try:
                for line in lines_backwards(source):
                    self._line(line)
                    if self._ended:
                        return
            except LineTooLongError:
                self._damaged = self._ended = True

    def _line(self, line: bytes) -> None:
        asked_for = any(name in line for name in self._wanted)
        times = _STAGE_TIME.findall(line)
        stage_ms = rfc3339_ms(times[-1].decode("ascii", "replace")) if times else None
        if stage_ms is not None:
            self.newest_ms = max(stage_ms, self.newest_ms or stage_ms)
        if asked_for or stage_ms is None or stage_ms < self._query.since_ms:
            self._event(parsed(line))

    def _event(self, event: Mapping[str, Any]) -> None:
        stage_ms = rfc3339_ms(event.get("stageTimestamp"))
        if stage_ms is None:
            self._damaged = True
            return
        self._reached = self._reached or stage_ms < self._query.since_ms
        self._ended = stage_ms < self._query.since_ms - DISORDER_MS
        if event.get("stage") == "ResponseComplete":
            self._keep(event, stage_ms)

    def _keep(self, event: Mapping[str, Any], stage_ms: int) -> None:
        if len(self.events) + len(self.writes) >= MAX_EVENTS:
            self._damaged = self._ended = True
            return
        if text(event.get("auditID")) in self._query.audit_ids:
            self.events.append(audit_event(event, self._query.label_keys))
        if stage_ms >= self._query.since_ms and self._is_write(event):
            self.writes.append(audit_event(event, self._query.label_keys))

    def _is_write(self, event: Mapping[str, Any]) -> bool:
        about = mapping(event.get("objectRef"))
        named = about.get("resource") == "namespaces" and about.get("name") == self._query.namespace
        return named and text(event.get("verb")) in WRITES


def parsed(line: bytes) -> Mapping[str, Any]:
    """The event on a line of a log; empty if it is none."""
    try:
        return mapping(json.loads(line))
    except (ValueError, RecursionError):
        return {}
