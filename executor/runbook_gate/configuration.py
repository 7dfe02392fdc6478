"""The executor's configuration: one TOML file, then `RUNBOOK_GATE_*`, then options."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from runbook_gate.canonical import canonical_bytes, sha256_hex
from runbook_gate.errors import InvalidDocument

DEFAULT_FILE = Path("runbook-gate.toml")


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Opa(_Section):
    """The sidecar: started from `binary`, or one that runs beside the executor."""

    binary: Path | None = Field(None, description="opa to start; default: the one that `make tools` built, or PATH.")
    socket: Path | None = Field(None, description="Unix socket of a running sidecar.")
    url: str | None = Field(None, description="URL of a running sidecar: http on loopback, or https.")
    timeout_s: int = Field(5, ge=1, le=60, description="Longest time for one answer, in seconds.")


class Endpoint(_Section):
    """One API server."""

    name: str = Field(pattern=r"^[a-z0-9-]{1,40}$", description="Name in records.")
    url: str = Field(description="https URL of this API server.")


class Cluster(_Section):
    """How the API server is reached."""

    kubeconfig: Path | None = Field(None, description="kubeconfig file.")
    context: str | None = Field(None, description="Context in it; default: its current one.")
    endpoints: tuple[Endpoint, ...] = Field((), description="Every API server, so that each is verified.")


class Audit(_Section):
    """Where the API server writes its audit log."""

    logs: tuple[Path, ...] = Field(
        (), description="JSON-lines file of each API server; rotated ones beside it are read too."
    )


class Settings(BaseSettings):
    """Everything that can be configured."""

    model_config = SettingsConfigDict(
        env_prefix="RUNBOOK_GATE_",
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
    )

    store: Path = Field(Path("runbook-gate.sqlite"), description="The ledger, an SQLite file.")
    bundle: Path | None = Field(None, description="The policy bundle that decides. Required to run.")
    packet_dir: Path | None = Field(None, description="Folder that escalation packets are written to.")
    heads_file: Path | None = Field(None, description="File, on another host's disk, that ledger heads are added to.")
    submitter: str | None = Field(None, description="Name in parties data under which tasks are submitted.")
    registers: dict[str, Path] = Field(default_factory=dict, description="File of each register, by name.")
    opa: Opa = Field(default_factory=Opa, description="The OPA sidecar.")
    cluster: Cluster = Field(default_factory=Cluster, description="The API server.")
    audit: Audit = Field(default_factory=Audit, description="The audit log.")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - not a source here
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Options win over the environment, which wins over the file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, _file())

    @property
    def sha256(self) -> str:
        """Digest of the effective configuration, which has no secrets."""
        return sha256_hex(canonical_bytes(self.model_dump(mode="json")))


def _file() -> Path:
    return Path(os.environ.get("RUNBOOK_GATE_CONFIG") or DEFAULT_FILE)


def load(file: Path | None = None, **options: Any) -> Settings:
    """Read the configuration.

    Args:
        file: the TOML file; default `RUNBOOK_GATE_CONFIG`, then runbook-gate.toml if it is there.
        **options: values that win over the environment and the file; None means not given.

    Raises:
        InvalidDocument: naming the file and the field, never the value.
    """
    if file is not None:
        os.environ["RUNBOOK_GATE_CONFIG"] = str(file)
    chosen = _file()
    if os.environ.get("RUNBOOK_GATE_CONFIG") and not chosen.is_file():
        raise InvalidDocument(f"{chosen}: there is no such configuration file.")
    try:
        return Settings(**{key: value for key, value in options.items() if value is not None})
    except ValidationError as fault:
        told = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in fault.errors())
        raise InvalidDocument(f"configuration ({chosen}, RUNBOOK_GATE_*, options): {told}.") from None
    except ValueError as fault:
        raise InvalidDocument(f"{chosen}: not TOML: {fault}.") from None
