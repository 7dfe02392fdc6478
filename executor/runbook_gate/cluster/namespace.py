"""What is kept of a Namespace: the runbook's labels, who owns them, and our own markers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from runbook_gate.models.base import Labels
from runbook_gate.models.observation import Marker, NamespaceObject
from runbook_gate.shapes import mapping, matched, sequence, text
from runbook_gate.timestamps import rfc3339_ms

_MARKER: Final = re.compile(r"rbgate\.([A-Za-z0-9-]{1,64})\.([1-9][0-9]{0,3})")
_WORD: Final = re.compile(r"[A-Za-z]{1,32}")


def field_manager(run: str, write: int) -> str:
    """Name under which the API server books the labels of a run's first, second ... write: its marker."""
    return f"rbgate.{run}.{write}"


def namespace_object(found: Mapping[str, Any], label_keys: tuple[str, ...]) -> NamespaceObject:
    """Project a Namespace.

    Args:
        found: the object as the API server sent it.
        label_keys: the runbook's labels; all others are dropped.
    """
    metadata = mapping(found.get("metadata"))
    entries = [mapping(entry) for entry in sequence(metadata.get("managedFields"))]
    return NamespaceObject(
        name=text(metadata.get("name")),
        uid=text(metadata.get("uid"), 64),
        resource_version=text(metadata.get("resourceVersion"), 64),
        phase=matched(_WORD, mapping(found.get("status")).get("phase")),
        deletion_ms=rfc3339_ms(metadata.get("deletionTimestamp")),
        labels=labels_of(metadata, label_keys),
        markers=list(_markers(entries)),
        managers=_managers(entries, label_keys),
    )


def labels_of(metadata: Mapping[str, Any], label_keys: tuple[str, ...]) -> Labels | None:
    """The runbook's labels, None where absent; None as a whole if they are not labels."""
    labels = metadata.get("labels") or {}
    if not isinstance(labels, dict):
        return None
    kept = {key: text(labels.get(key)) for key in label_keys}
    odd = any(value is None and labels.get(key) is not None for key, value in kept.items())
    return None if odd else kept


def _markers(entries: list[Mapping[str, Any]]) -> Iterator[Marker]:
    for entry in entries:
        found = _MARKER.fullmatch(str(entry.get("manager")))
        if found:
            yield Marker(
                manager=found[0],
                run=found[1],
                attempt=int(found[2]),
                operation=matched(_WORD, entry.get("operation")),
                time_ms=rfc3339_ms(entry.get("time")),
            )


def _managers(entries: list[Mapping[str, Any]], label_keys: tuple[str, ...]) -> list[str]:
    owners = (text(entry.get("manager"), 128) for entry in entries if _owns_any(entry, label_keys))
    return sorted({owner or "unnamed" for owner in owners if not _MARKER.fullmatch(owner or "")})


def _owns_any(entry: Mapping[str, Any], label_keys: tuple[str, ...]) -> bool:
    fields = mapping(mapping(entry.get("fieldsV1")).get("f:metadata")).get("f:labels")
    return any(f"f:{key}" in mapping(fields) for key in label_keys)
