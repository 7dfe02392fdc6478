"""The audit log as files of JSON lines, rotated ones included.

kube-apiserver renames `audit.log` to `audit-2026-11-20T10-00-00.000.log` and removes old ones. A look goes
from the newest line backwards and ends at an event older than asked for, which shows that none is missing.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from runbook_gate.audit.look import Look
from runbook_gate.audit.protocol import AuditQuery, NoAuditLog
from runbook_gate.clock import Clock
from runbook_gate.models.audit_answer import AuditAnswer, AuditEvent

WAIT_S: Final = 2.0
PAUSE_S: Final = 0.05
STAMP: Final = r"-[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}-[0-9]{2}-[0-9]{2}\.[0-9]{3}"


class AuditFiles:
    """An `AuditLog` in files that this host can read.

    Args:
        paths: the current audit log of each API server.
        clock: to wait with.
        wait_s: longest time to wait for events that are not there yet.
    """

    def __init__(self, paths: tuple[Path, ...], clock: Clock, wait_s: float = WAIT_S) -> None:
        self._paths, self._clock, self._wait_s = paths, clock, wait_s

    def lookup(self, query: AuditQuery) -> AuditAnswer:
        """Look until every Audit-ID was found or the wait is over."""
        if not self._paths:
            return NoAuditLog().lookup(query)
        until = self._clock.read().boottime_ms + self._wait_s * 1000
        while True:
            looks = [self._look(path, query) for path in self._paths]
            found = {event.audit_id for look in looks for event in look.events}
            settled = all(look.readable for look in looks) and query.audit_ids <= found
            if settled or self._clock.read().boottime_ms >= until:
                return _answer(looks)
            self._clock.sleep(PAUSE_S)

    def _look(self, path: Path, query: AuditQuery) -> Look:
        look = Look(query)
        try:
            older = rotated(path)
            for file in (path, *older):
                look.into(file)
            look.readable = older == rotated(path)
        except OSError:
            look.readable = False
        return look


def rotated(path: Path, *, packed: bool = False) -> list[Path]:
    """The files that an audit log was rotated into, newest first.

    Args:
        path: the current log.
        packed: those that kube-apiserver packed with gzip too.
    """
    name = re.compile(re.escape(path.stem) + STAMP + re.escape(path.suffix) + (r"(?:\.gz)?" if packed else ""))
    return sorted((file for file in path.parent.iterdir() if name.fullmatch(file.name)), reverse=True)


def _answer(looks: list[Look]) -> AuditAnswer:
    newest = [look.newest_ms for look in looks if look.newest_ms is not None]
    return AuditAnswer(
        outcome="answered" if all(look.readable for look in looks) else "unanswered",
        complete=all(look.readable and look.complete for look in looks),
        newest_ms=min(newest) if len(newest) == len(looks) else None,
        events=_in_order([event for look in looks for event in look.events]),
        writes=_in_order([event for look in looks for event in look.writes]),
    )


def _in_order(events: list[AuditEvent]) -> list[AuditEvent]:
    return sorted(events, key=lambda event: (event.received_ms or 0, event.audit_id))
