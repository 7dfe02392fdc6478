"""From a raw answer to what may be kept of it (records.md). Nothing here looks at what a value means."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from runbook_gate.cluster.messages import SentObject, message
from runbook_gate.cluster.namespace import namespace_object
from runbook_gate.cluster.protocol import Exchange
from runbook_gate.cluster.warning_headers import warnings
from runbook_gate.models.http import Cause, HttpAnswer, Message
from runbook_gate.models.observation import ClusterIdentity, ExecutorIdentity, NamespaceRead
from runbook_gate.shapes import mapping, matched, parse_object, sequence, text
from runbook_gate.timestamps import http_date_ms

_REASON: Final = re.compile(r"[A-Za-z]{1,64}")
_KIND: Final = re.compile(r"[A-Za-z][A-Za-z0-9.-]{0,127}")
_FIELD: Final = re.compile(
    r"\.?(?:metadata|spec|status)(?:\.[A-Za-z][A-Za-z0-9]{0,63}|\[[0-9]{1,4}\]|"
    r"[.\[]pod-security\.kubernetes\.io/[a-z-]{1,40}\]?){0,12}"
)
_AUDIT_ID: Final = re.compile(r"[A-Za-z0-9-]{1,64}")
_SECONDS: Final = re.compile(r"[0-9]{1,6}")
_MAX_CAUSES: Final = 32


def http_answer(exchange: Exchange, sent: SentObject | None = None) -> HttpAnswer:
    """Project an answer.

    Args:
        exchange: request and raw answer.
        sent: the object that was sent, so that a denial counts only if it names it.
    """
    status = parse_object(exchange.body)
    details = mapping(status.get("details"))
    retry_after = matched(_SECONDS, _header(exchange, "retry-after"))
    return HttpAnswer(
        endpoint=exchange.endpoint,
        outcome=exchange.outcome,
        status=exchange.status,
        sent_ms=exchange.sent_ms,
        answered_ms=exchange.answered_ms,
        date_ms=http_date_ms(_header(exchange, "date")),
        audit_id=matched(_AUDIT_ID, _header(exchange, "audit-id")),
        retry_after_s=int(retry_after) if retry_after else None,
        reason=matched(_REASON, status.get("reason")),
        kind=matched(_KIND, details.get("kind")),
        causes=[_cause(mapping(cause)) for cause in sequence(details.get("causes"))[:_MAX_CAUSES]],
        message=_message(exchange.body, status, sent),
        warnings=warnings(value for name, value in exchange.headers if name == "warning"),
    )


def namespace_read(exchange: Exchange, label_keys: tuple[str, ...]) -> NamespaceRead:
    """Project an answer that is a namespace, or should be."""
    found = parse_object(exchange.body)
    return NamespaceRead(
        http=http_answer(exchange),
        read_boottime_ms=exchange.boottime_ms,
        object=namespace_object(found, label_keys) if found.get("kind") == "Namespace" else None,
    )


def cluster_identity(exchange: Exchange) -> ClusterIdentity:
    """Project the answer to reading kube-system."""
    metadata = mapping(parse_object(exchange.body).get("metadata"))
    return ClusterIdentity(http=http_answer(exchange), uid=text(metadata.get("uid"), 64))


def executor_identity(exchange: Exchange) -> ExecutorIdentity:
    """Project a SelfSubjectReview: the user's name, none of the groups and extras."""
    user = mapping(mapping(parse_object(exchange.body).get("status")).get("userInfo"))
    return ExecutorIdentity(http=http_answer(exchange), username=text(user.get("username"), 512))


def _cause(cause: Mapping[str, Any]) -> Cause:
    return Cause(reason=matched(_REASON, cause.get("reason")), field=matched(_FIELD, cause.get("field")))


def _message(body: bytes, status: Mapping[str, Any], sent: SentObject | None) -> Message | None:
    told = status.get("message") if status else body.decode("utf-8", "replace")
    return message(told, sent) if isinstance(told, str) and told else None


def _header(exchange: Exchange, name: str) -> str | None:
    return next((value for key, value in exchange.headers if key == name), None)
