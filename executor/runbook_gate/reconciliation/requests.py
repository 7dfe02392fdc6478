"""The writes of namespaces that API servers logged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from runbook_gate.audit.projection import audit_event
from runbook_gate.shapes import mapping, text

_WRITES: Final = frozenset({"create", "update", "patch", "delete", "deletecollection"})


@dataclass(frozen=True, slots=True)
class Request:
    """One request as an API server logged it, at one stage.

    Attributes:
        audit_id: its Audit-ID.
        received: when it came in, as the server wrote it; two requests never share it.
        at_ms: the same.
        verb: such as patch.
        target: resource, and its subresource behind a slash.
        name: of the namespace.
        code: HTTP status; None before there was one.
        dry_run: whether nothing was stored.
        own: whether the executor's identity sent it.
        sender: who did.
    """

    audit_id: str
    received: str
    at_ms: int
    verb: str
    target: str
    name: str | None
    code: int | None
    dry_run: bool
    own: bool
    sender: str | None

    @property
    def writes_namespace(self) -> bool:
        """Whether it could change a namespace or a part of one."""
        return self.target.partition("/")[0] == "namespaces" and self.verb in _WRITES and not self.dry_run

    @property
    def told(self) -> str:
        """What it was and how it ended; of somebody else's also who sent it."""
        by = "" if self.own else f" by {self.sender}"
        return f"{self.verb} {self.target} {self.code or 'unfinished'}{by}"


class Requests:
    """What matters of the events of all logs: few, however big the logs are.

    Args:
        identities: as whom the API server sees the executor.
        audit_ids: of every intent in the ledger.
    """

    def __init__(self, identities: frozenset[str], audit_ids: frozenset[str]) -> None:
        self._identities, self._audit_ids = identities, audit_ids
        self._found: dict[str, dict[tuple[str, str], Request]] = {}

    def add(self, event: Mapping[str, Any]) -> None:
        """Look at an event; one that was seen before changes nothing."""
        audit_id = text(event.get("auditID"))
        wanted = audit_id in self._audit_ids
        if audit_id is None or not (wanted or mapping(event.get("objectRef")).get("resource") == "namespaces"):
            return
        request = self._request(audit_id, event)
        if wanted or (request.own and request.writes_namespace):
            stages = self._found.setdefault(audit_id, {})
            stages[request.received, text(event.get("stage")) or ""] = request

    def of(self, audit_id: str) -> list[Request]:
        """The requests with an Audit-ID, as they came in; of each the stage that says how it ended, if there is one."""
        ended: dict[str, Request] = {}
        for request in self._found.get(audit_id, {}).values():
            if request.received not in ended or request.code is not None:
                ended[request.received] = request
        return sorted(ended.values(), key=lambda request: request.received)

    def others(self) -> list[str]:
        """Audit-IDs of the executor's writes that no intent has."""
        return sorted(self._found.keys() - self._audit_ids)

    def _request(self, audit_id: str, event: Mapping[str, Any]) -> Request:
        kept = audit_event(event, ())
        sender = text(mapping(event.get("impersonatedUser")).get("username"), 512) or kept.username
        return Request(
            audit_id=audit_id,
            received=text(event.get("requestReceivedTimestamp")) or "",
            at_ms=kept.received_ms or kept.stage_ms or 0,
            verb=kept.verb or "-",
            target="/".join(filter(None, (kept.resource, kept.subresource))) or "-",
            name=kept.name or kept.namespace,
            code=kept.code,
            dry_run=kept.dry_run,
            own=bool({sender, kept.username} & self._identities),
            sender=sender,
        )
