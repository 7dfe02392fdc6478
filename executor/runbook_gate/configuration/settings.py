"""Everything that can be configured, as plain values. It holds no secret: a kubeconfig is named, not included."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    PlainSerializer,
    PlainValidator,
    Tag,
    model_validator,
)
from pydantic_core import PydanticCustomError

from runbook_gate.addresses import plain_beyond_loopback
from runbook_gate.canonical import canonical_bytes, sha256_hex
from runbook_gate.errors import UsageFault
from runbook_gate.store_url import SCHEME, StoreUrl

LONGEST_ANSWER_S: Final = 45  # a lease has to outlast it

# No user, no query: whatever is in an URL is shown and goes into records.
Url = Annotated[str, Field(pattern=r"^https?://[A-Za-z0-9.:\[\]-]+/?$")]
# An address and not a name: what is opened is what is written.
Listen = Annotated[str, Field(pattern=r"^(\[[0-9a-fA-F:.]+\]|[0-9]{1,3}(\.[0-9]{1,3}){3}):[0-9]{1,5}$")]
# As long as in a task; an id that no task can have would never be used.
ClusterId = Annotated[str, Field(min_length=1, max_length=253)]
# pydantic puts the tag of a union's member into the place of an error; no document says it.
TAGS: Final = frozenset({"[file]", "[endpoint]", "[url]"})


def _tls(url: str) -> str:
    if plain_beyond_loopback(url):
        raise PydanticCustomError("plain_http", "must be https, or http to a loopback address")
    return url


# Public keys only: with a shared secret whoever verifies could sign.
SigningAlgorithm = Literal["ES256", "ES384", "ES512", "PS256", "PS384", "PS512", "RS256", "RS384", "RS512"]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Opa(_Section):
    """The sidecar: started from `binary`, or one that runs beside the executor."""

    binary: Path | None = Field(None, description="opa to start; default: the one that `make tools` built, or PATH.")
    socket: Path | None = Field(None, description="Unix socket of a running sidecar.")
    url: Url | None = Field(None, description="URL of a running sidecar: http on loopback, or https.")
    verification_key: Path | None = Field(
        None, description="Public key, a PEM file, that must have signed the bundle; default: none need have."
    )
    signing_alg: SigningAlgorithm = Field("RS256", description="Algorithm of that signature.")
    timeout_s: int = Field(5, ge=1, le=LONGEST_ANSWER_S, description="Longest time for one answer, in seconds.")


class Endpoint(_Section):
    """One API server."""

    name: str = Field(pattern=r"^[a-z0-9-]{1,40}$", description="Name in records.")
    url: Url = Field(description="https URL of this API server.")


class Cluster(_Section):
    """How the API server is reached."""

    kubeconfig: Path | None = Field(None, description="kubeconfig file.")
    context: str | None = Field(None, description="Context in it; default: its current one.")
    in_cluster: bool = Field(False, description="Instead of a kubeconfig: as the service account of this pod.")
    endpoints: tuple[Endpoint, ...] = Field((), description="Every API server, so that each is verified.")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.in_cluster and (self.kubeconfig or self.context):
            raise PydanticCustomError("two_ways", "must have either a kubeconfig or in_cluster")
        return self

    @property
    def reachable(self) -> bool:
        """Whether anything is said of how it is reached."""
        return self.in_cluster or self.kubeconfig is not None


class Audit(_Section):
    """Where the API server writes its audit log."""

    logs: tuple[Path, ...] = Field(
        (), description="JSON-lines file of each API server; rotated ones beside it are read too."
    )


class Work(_Section):
    """`work`: how much at once, and where the process tells how it is."""

    concurrency: int = Field(1, ge=1, le=64, description="Runs at once.")
    listen: Listen | None = Field(
        None, description="ADDRESS:PORT for /healthz, /readyz and /metrics; default: nowhere."
    )


# With a path, of which the same is true.
TlsUrl = Annotated[str, Field(pattern=r"^https?://[A-Za-z0-9.:\[\]-]+(/[A-Za-z0-9._~/-]*)?$"), AfterValidator(_tls)]


class RegisterEndpoint(_Section):
    """A register that answers over HTTPS. The token is in a file, so that the configuration holds no secret."""

    url: TlsUrl = Field(description="Where the register answers; plain http only on loopback.")
    token_file: Path | None = Field(None, description="File with the bearer token, read anew each time.")
    ca_file: Path | None = Field(None, description="PEM file of the authorities that are trusted; default: certifi's.")
    timeout_s: int = Field(5, ge=1, le=10, description="Longest time for all pages together, in seconds.")


def _place(stated: object) -> str:
    return "[endpoint]" if isinstance(stated, dict | RegisterEndpoint) else "[file]"


RegisterPlace = Annotated[
    Annotated[Path, Tag("[file]")] | Annotated[RegisterEndpoint, Tag("[endpoint]")], Discriminator(_place)
]


def _kind(stated: object) -> str:
    url = isinstance(stated, StoreUrl) or (isinstance(stated, str) and stated.startswith(SCHEME))
    return "[url]" if url else "[file]"


def _store_url(stated: object) -> StoreUrl:
    if isinstance(stated, StoreUrl):
        return stated
    try:
        return StoreUrl.read(str(stated))
    except ValueError as fault:
        raise PydanticCustomError("store_url", "{told}", {"told": str(fault)}) from None


_Url = Annotated[StoreUrl, PlainValidator(_store_url), PlainSerializer(str)]
StorePlace = Annotated[Annotated[Path, Tag("[file]")] | Annotated[_Url, Tag("[url]")], Discriminator(_kind)]


class Notifications(_Section):
    """Who is told how runs end. The secret is in a file, so that the configuration holds none."""

    url: TlsUrl | None = Field(None, description="Where events are posted to; plain http only on loopback.")
    secret_file: Path | None = Field(
        None, description="File with the secret that signs them, or two during a change; read anew each time."
    )
    ca_file: Path | None = Field(None, description="PEM file of the authorities that are trusted; default: certifi's.")
    timeout_s: int = Field(3, ge=1, le=10, description="Longest time that one command spends on them, in seconds.")

    @model_validator(mode="after")
    def _signed(self) -> Self:
        if self.url is not None and self.secret_file is None:
            raise PydanticCustomError("unsigned", "has a url but no secret_file: nothing is sent unsigned")
        return self


class ListedCluster(Cluster):
    """One of several clusters."""

    audit: Audit = Field(default_factory=Audit, description="The audit log of this cluster.")
    registers: dict[str, RegisterPlace] = Field(
        default_factory=dict, description="Registers that answer for this cluster; default: those of all."
    )


class Settings(_Section):
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
