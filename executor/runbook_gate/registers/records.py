"""One record of a register, by shape: a field of the wrong type is null, all other fields are dropped."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from runbook_gate.models.base import Labels
from runbook_gate.models.register import (
    BaselineRecord,
    InventoryRecord,
    OwnershipRecord,
    Scope,
    WaiverRecord,
)
from runbook_gate.registers.envelope import scope
from runbook_gate.shapes import mapping, text
from runbook_gate.timestamps import rfc3339_ms

_LITERAL: Final = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")


@dataclass(frozen=True)
class Target:
    """What a gather is about.

    Attributes:
        cluster_id: the cluster.
        namespace: the namespace.
        label_keys: the runbook's labels.
    """

    cluster_id: str
    namespace: str
    label_keys: tuple[str, ...]

    def elsewhere(self, where: Scope | None) -> bool:
        """Whether a record is literally about another cluster or namespace; a wildcard is not."""
        return where is not None and (
            _differs(where.cluster_id, self.cluster_id) or _differs(where.namespace, self.namespace)
        )


def _differs(stated: str | None, wanted: str) -> bool:
    return stated is not None and stated != wanted and _LITERAL.fullmatch(stated) is not None


def baseline(raw: Mapping[str, Any], target: Target) -> BaselineRecord | None:
    """Project a record of the namespace baseline; None if it is elsewhere."""
    where = scope(raw)
    if target.elsewhere(where):
        return None
    labels = raw.get("labels")
    return BaselineRecord(
        cluster_id=text(raw.get("cluster_id")),
        namespace=text(raw.get("namespace")),
        labels=_labels(labels, target.label_keys),
        other_labels=len(mapping(labels).keys() - set(target.label_keys)),
        policy_baseline_version=text(raw.get("policy_baseline_version")),
        owner_alias=text(raw.get("owner_alias")),
    )


def waiver(raw: Mapping[str, Any], target: Target) -> WaiverRecord | None:
    """Project a record of the platform exceptions; None if it is elsewhere."""
    where = scope(raw.get("scope"))
    if target.elsewhere(where):
        return None
    return WaiverRecord(
        id=text(raw.get("id")),
        status=text(raw.get("status")),
        expiry_ms=rfc3339_ms(raw.get("expiry")),
        scope=where,
    )


def inventory(raw: Mapping[str, Any], target: Target) -> InventoryRecord | None:
    """Project a record of the cluster inventory; None if it is elsewhere."""
    cluster_id = text(raw.get("cluster_id"))
    if _differs(cluster_id, target.cluster_id):
        return None
    return InventoryRecord(cluster_id=cluster_id, uid=text(raw.get("uid"), 64))


def ownership(raw: Mapping[str, Any], target: Target) -> OwnershipRecord | None:
    """Project a record of the namespace ownership; None if it is elsewhere."""
    where = scope(raw)
    if target.elsewhere(where):
        return None
    return OwnershipRecord(
        cluster_id=text(raw.get("cluster_id")),
        namespace=text(raw.get("namespace")),
        owner_aliases=_aliases(raw.get("owner_aliases")),
    )


def _labels(stated: object, label_keys: tuple[str, ...]) -> Labels | None:
    if not isinstance(stated, dict):
        return None
    kept = {key: text(stated.get(key)) for key in label_keys}
    odd = any(value is None and stated.get(key) is not None for key, value in kept.items())
    return None if odd else kept


def _aliases(stated: object) -> list[str] | None:
    aliases = [text(alias) for alias in stated] if isinstance(stated, list) else [None]
    kept = [alias for alias in aliases if alias is not None]
    return kept if len(kept) == len(aliases) else None
