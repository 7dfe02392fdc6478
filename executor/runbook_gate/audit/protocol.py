"""The audit log as effects see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from runbook_gate.models.audit_answer import AuditAnswer


@dataclass(frozen=True)
class AuditQuery:
    """What is looked up. Nothing older than `since_ms` is looked for.

    Attributes:
        audit_ids: of own requests.
        namespace: the target; writes to it are looked up.
        since_ms: wall clock, milliseconds since the epoch.
        label_keys: the runbook's labels; a write's changes to others are dropped.
    """

    audit_ids: frozenset[str]
    namespace: str
    since_ms: int
    label_keys: tuple[str, ...]


class AuditLog(Protocol):
    """Somewhere to look audit events up."""

    def lookup(self, query: AuditQuery) -> AuditAnswer:
        """Look up, waiting a moment for events of `audit_ids` that are not there yet. Never raises."""
        ...


class NoAuditLog:
    """There is no log to ask."""

    def lookup(self, query: AuditQuery) -> AuditAnswer:  # noqa: ARG002 - the Protocol's signature
        """Say so."""
        return AuditAnswer(outcome="unconfigured", complete=False, newest_ms=None, events=[], writes=[])
