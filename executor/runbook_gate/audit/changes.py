"""What a write to a namespace did to the runbook's labels, from the bodies in its audit event.

A merge patch and a JSON patch name the labels that they touch. Everything else (a PUT, an apply, a patch with
directives such as `$patch: replace`, an event without bodies) may change labels that it does not name, so it counts
as naming all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from runbook_gate.cluster.namespace import labels_of
from runbook_gate.models.audit_answer import LabelChange
from runbook_gate.models.base import Labels
from runbook_gate.shapes import mapping, text

_LABELS: Final = "/metadata/labels"
_CHANGING: Final = frozenset({"create", "update", "patch"})


def label_change(event: Mapping[str, Any], label_keys: tuple[str, ...]) -> LabelChange | None:
    """The change to the runbook's labels.

    Args:
        event: a write to a namespace.
        label_keys: the runbook's labels.

    Returns:
        The value after the write of each label that it named, as the response says if it has the namespace,
        else as the request says; None if it named none.
    """
    if text(event.get("verb")) not in _CHANGING:
        return None
    requested = _requested(event, label_keys)
    response = mapping(event.get("responseObject"))
    stored = labels_of(mapping(response.get("metadata")), label_keys) or {}
    told = stored if response.get("kind") == "Namespace" else requested
    return LabelChange(labels={key: told.get(key) for key in requested}) if requested else None


def _requested(event: Mapping[str, Any], label_keys: tuple[str, ...]) -> Labels:
    request = event.get("requestObject")
    if isinstance(request, list):
        return _json_patch([mapping(operation) for operation in request], label_keys)
    patch = mapping(request)
    metadata = mapping(patch.get("metadata"))
    labels = metadata.get("labels", {})
    if event.get("verb") != "patch" or not patch or "kind" in patch or not isinstance(labels, dict):
        return {key: text(mapping(labels).get(key)) for key in label_keys}
    directive = any(name.startswith("$") for name in (*patch, *metadata, *labels))
    return {key: text(labels.get(key)) for key in label_keys if directive or key in labels}


def _json_patch(operations: Iterable[Mapping[str, Any]], label_keys: tuple[str, ...]) -> Labels:
    changed: Labels = {}
    for operation in operations:
        if operation.get("op") == "test":
            continue
        for path in (operation.get("path"), operation.get("from") if operation.get("op") == "move" else None):
            changed.update(_at(path, operation.get("value"), label_keys))
    return changed


def _at(path: object, value: object, label_keys: tuple[str, ...]) -> Labels:
    if not isinstance(path, str):
        return {}
    if (_LABELS + "/").startswith(path + "/"):
        return dict.fromkeys(label_keys)
    own = {f"{_LABELS}/{key.replace('~', '~0').replace('/', '~1')}": key for key in label_keys}
    return {own[path]: text(value)} if path in own else {}
