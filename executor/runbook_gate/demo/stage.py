"""The records of one target as their owners would keep them: four registers and a task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import yaml

CLUSTER_ID: Final = "mks-us-east-1-prod-03"
PREFIX: Final = "pod-security.kubernetes.io/"
APPROVED: Final[Mapping[str, str | None]] = {
    f"{PREFIX}enforce": "restricted",
    f"{PREFIX}enforce-version": "v1.31",
    f"{PREFIX}audit": "restricted",
    f"{PREFIX}audit-version": "v1.31",
    f"{PREFIX}warn": "restricted",
    f"{PREFIX}warn-version": "v1.31",
}
REMOVED: Final[Mapping[str, str | None]] = dict.fromkeys(APPROVED)
REGISTERS: Final = ("namespace_baseline", "platform_exceptions", "cluster_inventory", "namespace_ownership")


def rfc3339(moment: datetime) -> str:
    """A moment as registers and tasks write it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True)
class Target:
    """One namespace and what the registers say of it.

    Attributes:
        namespace: its name.
        uid: its metadata.uid.
        cluster_uid: metadata.uid of kube-system.
        labels: the approved tuple.
        drift: the labels as they were prequalified.
        waivers: records of the platform exceptions.
        cluster_id: as which tasks and registers know the cluster.
    """

    namespace: str
    uid: str
    cluster_uid: str
    labels: Mapping[str, str | None] = field(default_factory=lambda: dict(APPROVED))
    drift: Mapping[str, str | None] = field(default_factory=lambda: dict(REMOVED))
    waivers: tuple[Mapping[str, Any], ...] = ()
    cluster_id: str = CLUSTER_ID

    def records(self, register: str) -> list[dict[str, Any]]:
        """The records of one register."""
        here = {"cluster_id": self.cluster_id, "namespace": self.namespace}
        stated: dict[str, list[dict[str, Any]]] = {
            "namespace_baseline": [
                {
                    **here,
                    "labels": {key: value for key, value in self.labels.items() if value is not None},
                    "policy_baseline_version": "psb-2026.07",
                    "owner_alias": "payments-settlement",
                }
            ],
            "platform_exceptions": [dict(waiver) for waiver in self.waivers],
            "cluster_inventory": [{"cluster_id": self.cluster_id, "uid": self.cluster_uid}],
            "namespace_ownership": [{**here, "owner_aliases": ["payments-settlement"]}],
        }
        return stated[register]

    def register(self, name: str) -> dict[str, Any]:
        """One register's answer."""
        records = self.records(name)
        return {
            "schema": f"{name}/1",
            "source_id": name.replace("_", "-"),
            "as_of": rfc3339(datetime.now(UTC)),
            "scope": {"cluster_id": self.cluster_id},
            "complete": True,
            "total": len(records),
            "version": "4711",
            "records": records,
        }

    def task(self, task_id: str) -> dict[str, Any]:
        """The task file that asks for the repair."""
        return {
            "schema": 1,
            "id": task_id,
            "runbook": "MKS-PSA-Label-Restore-v3",
            "cluster_id": self.cluster_id,
            "namespace": self.namespace,
            "owner_alias": "payments-settlement",
            "policy_baseline_version": "psb-2026.07",
            "labels": dict(self.labels),
            "drift": {"namespace_uid": self.uid, "labels": dict(self.drift)},
            "retry_budget": 2,
            "prequalification": {
                "reference": "CHG-20431",
                "by": "platform-governance",
                "until": rfc3339(datetime.now(UTC) + timedelta(hours=8)),
            },
            "incident": "INC-88121",
        }


def write(folder: Path, target: Target, task_id: str) -> dict[str, Path]:
    """Write registers and task.

    Args:
        folder: made if it is missing.
        target: what they are about.
        task_id: id of the task.

    Returns:
        The file of each register by name, and of the task as `task`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    documents = {name: target.register(name) for name in REGISTERS} | {"task": target.task(task_id)}
    for name, document in documents.items():
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    return {name: folder / f"{name}.yaml" for name in documents}
