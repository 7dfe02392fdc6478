"""Every forbidden act, by a sentence: who refuses it, and who stands behind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tests.deploy.acts.act import Act, Layer, refusing
from tests.deploy.acts.on_namespaces import ELSEWHERE, OF_LABELS, OF_METADATA
from tests.deploy.acts.on_rights import OF_POLICIES, OF_RIGHTS
from tests.deploy.acts.on_workloads import OF_PODS, OF_THE_REST, POD

_TABLES = (OF_LABELS, OF_METADATA, ELSEWHERE, OF_PODS, OF_THE_REST, OF_RIGHTS, OF_POLICIES)
FORBIDDEN: Final[Mapping[str, Act]] = {told: act for table in _TABLES for told, act in table.items()}

__all__ = ["FORBIDDEN", "POD", "Act", "Layer", "refusing"]
