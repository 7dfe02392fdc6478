"""The sections of the configuration, and the kinds of values that stand in them."""

from __future__ import annotations

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


class Section(BaseModel):
    """What every section is like."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Opa(Section):
    """The sidecar: started from `binary`, or one that runs beside the executor."""

    binary: Path | None = Field(None, description="opa to start; default: the one that `make tools` built, or PATH.")
    socket: Path | None = Field(None, description="Unix socket of a running sidecar.")
    url: Url | None = Field(None, description="URL of a running sidecar: http on loopback, or https.")
    verification_key: Path | None = Field(
        None, description="Public key, a PEM file, that must have signed the bundle; default: none need have."
    )
    signing_alg: SigningAlgorithm = Field("RS256", description="Algorithm of that signature.")
    timeout_s: int = Field(5, ge=1, le=LONGEST_ANSWER_S, description="Longest time for one answer, in seconds.")


class Endpoint(Section):
    """One API server."""

    name: str = Field(pattern=r"^[a-z0-9-]{1,40}$", description="Name in records.")
    url: Url = Field(description="https URL of this API server.")


class Cluster(Section):
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


class Audit(Section):
    """Where the API server writes its audit log."""

    logs: tuple[Path, ...] = Field(
        (), description="JSON-lines file of each API server; rotated ones beside it are read too."
    )


class Work(Section):
    """`work`: how much at once, and where the process tells how it is."""

    concurrency: int = Field(1, ge=1, le=64, description="Runs at once.")
    listen: Listen | None = Field(
        None, description="ADDRESS:PORT for /healthz, /readyz and /metrics; default: nowhere."
    )


# With a path, of which the same is true.
TlsUrl = Annotated[str, Field(pattern=r"^https?://[A-Za-z0-9.:\[\]-]+(/[A-Za-z0-9._~/-]*)?$"), AfterValidator(_tls)]


class RegisterEndpoint(Section):
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


class Notifications(Section):
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
