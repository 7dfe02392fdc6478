"""Everything that can be configured, as plain values. It holds no secret: a kubeconfig is named, not included."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import Field

from runbook_gate.canonical import canonical_bytes, sha256_hex
from runbook_gate.configuration.sections import (
    Audit,
    Cluster,
    ClusterId,
    ListedCluster,
    Notifications,
    Opa,
    RegisterPlace,
    Section,
    StorePlace,
    Work,
)
from runbook_gate.errors import UsageFault


class Settings(Section):
    """Everything that can be configured."""

    store: StorePlace = Field(
        Path("runbook-gate.sqlite"),
        description="The ledger: an SQLite file, or postgresql://USER@HOST:PORT/DATABASE, without a password.",
    )
    store_password_file: Path | None = Field(
        None, description="File with the password of a PostgreSQL role, read anew for each connection."
    )
    store_ca_file: Path | None = Field(
        None, description="PEM file of the authorities that the PostgreSQL server's certificate is checked against."
    )
    bundle: Path | None = Field(None, description="The policy bundle that decides. Required to run.")
    packet_dir: Path | None = Field(None, description="Folder that escalation packets are written to.")
    heads_file: Path | None = Field(None, description="File, on another host's disk, that ledger heads are added to.")
    termination_message: Path | None = Field(
        None, description="File that the newest head is written to; in a Job /dev/termination-log."
    )
    metrics_file: Path | None = Field(
        None, description="File, such as `runbook_gate.prom`, that `run` writes for node_exporter when it ends."
    )
    submitter: str | None = Field(None, description="Name in parties data under which tasks are submitted.")
    registers: dict[str, RegisterPlace] = Field(
        default_factory=dict, description="File or HTTPS endpoint of each register, by name."
    )
    opa: Opa = Field(default_factory=Opa, description="The OPA sidecar.")
    cluster: Cluster = Field(default_factory=Cluster, description="The API server of each cluster that is not listed.")
    audit: Audit = Field(default_factory=Audit, description="The audit log of each cluster that is not listed.")
    clusters: dict[ClusterId, ListedCluster] = Field(
        default_factory=dict, description="Several clusters, by the cluster id of tasks."
    )
    work: Work = Field(default_factory=Work, description="The worker.")
    notifications: Notifications = Field(default_factory=Notifications, description="Who is told how runs end.")

    def of_cluster(self, cluster_id: str) -> Settings:
        """The same with the one cluster that a task names as its only one. What it is, only cp1 shows.

        Args:
            cluster_id: as the task names it.

        Raises:
            UsageFault: it is not listed, and there is no cluster for those that are not.
        """
        listed = self.clusters.get(cluster_id)
        if listed is not None:
            only = Cluster(**{name: getattr(listed, name) for name in Cluster.model_fields})
            registers = {**self.registers, **listed.registers}
            own = {"cluster": only, "audit": listed.audit, "registers": registers, "clusters": {}}
            return self.model_copy(update=own)
        if self.clusters and not self.cluster.reachable:
            raise UsageFault(
                f"Cluster {cluster_id} is not configured; those that are: {', '.join(sorted(self.clusters))}.",
                advice=f"Add [clusters.{json.dumps(cluster_id)}] to the configuration, or correct the task.",
            )
        return self.model_copy(update={"clusters": {}})

    @property
    def store_file(self) -> Path:
        """The SQLite file.

        Raises:
            UsageFault: the ledger is on a PostgreSQL server.
        """
        if isinstance(self.store, Path):
            return self.store
        raise UsageFault(f"{self.store}: this can be done with a ledger in a file only.")

    @property
    def sha256(self) -> str:
        """Digest of the effective configuration, which has no secrets."""
        return sha256_hex(canonical_bytes(self.model_dump(mode="json")))


def known() -> str:
    """Every setting, for messages."""
    names: list[str] = []
    for name, described in Settings.model_fields.items():
        keys = getattr(described.annotation, "model_fields", None)
        names += [f"{name}.{key}" for key in keys] if keys else [name]
    return ", ".join(names)
