"""A policy bundle: what identifies it, and the little that the executor reads out of it.

The identity of a bundle is its content digest: SHA-256 over the sorted `sha256  path` lines of its files without
.manifest and .signatures.json. It is also the bundle's revision, so a sidecar states it with each answer.
"""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from runbook_gate.canonical import sha256_hex
from runbook_gate.errors import InvalidDocument
from runbook_gate.models.runbook import Owner, Routing

_LIMIT = 16 * 1024 * 1024
_UNHASHED = {".manifest", ".signatures.json"}
_DEFAULT_OWNER = Owner(
    name="Leah Moran", title="Director of Kubernetes Platform Governance", queue="platform-governance"
)


@dataclass(frozen=True)
class Bundle:
    """One bundle file.

    Attributes:
        raw: the bytes of the file.
        files: content by path, without a leading slash.
    """

    raw: bytes
    files: dict[str, bytes]

    @classmethod
    def parse(cls, raw: bytes, *, source: str) -> Bundle:
        """Read a bundle.

        Args:
            raw: a gzipped tar as `opa build` writes it, at most 16 MiB unpacked.
            source: name for messages.

        Raises:
            InvalidDocument: if it is anything else.
        """
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(raw)) as unpacked:
                plain = unpacked.read(_LIMIT + 1)
            if len(plain) > _LIMIT:
                raise InvalidDocument(f"{source}: a bundle of more than 16 MiB is not read.")
            with tarfile.open(fileobj=io.BytesIO(plain)) as tar:
                files = {m.name.lstrip("./"): _content(tar, m) for m in tar if m.isfile()}
        except (OSError, EOFError, tarfile.TarError) as fault:
            raise InvalidDocument(
                f"{source}: not a bundle file.", advice="Build one with `runbook-gate policy build`."
            ) from fault
        return cls(raw, {_dotted(name): content for name, content in files.items()})

    @classmethod
    def read(cls, path: Path) -> Bundle:
        """Read a bundle file."""
        try:
            raw = path.read_bytes()
        except OSError as fault:
            raise InvalidDocument(
                f"--bundle {path}: {fault.strerror}.", advice="Build one with `runbook-gate policy build`."
            ) from fault
        return cls.parse(raw, source=f"--bundle {path}")

    @cached_property
    def content_sha256(self) -> str:
        """The bundle's identity."""
        lines = sorted(
            f"{sha256_hex(content)}  {name}\n"
            for name, content in self.files.items()
            if name not in _UNHASHED
        )
        return sha256_hex("".join(lines).encode())

    @property
    def bundle_sha256(self) -> str:
        """Digest of the file."""
        return sha256_hex(self.raw)

    @cached_property
    def revision(self) -> str | None:
        """The revision that the manifest states."""
        manifest = json.loads(self.files.get(".manifest", b"{}"))
        return manifest.get("revision") if isinstance(manifest, dict) else None

    @cached_property
    def data(self) -> dict[str, Any]:
        """The bundle's data documents."""
        document: dict[str, Any] = json.loads(self.files.get("data.json", b"{}"))
        return document

    def routing(self, runbook: str) -> Routing:
        """What the executor must know of a runbook before it can ask; defaults if the bundle lacks it.

        Raises:
            InvalidDocument: if the runbook's data is not as `schemas/runbook.json` describes it.
        """
        owner = self._owner(runbook)
        entry = self.data.get("runbooks", {}).get(runbook)
        if entry is None:
            return _unknown(owner)
        try:
            return Routing.model_validate({**entry, "owner": owner.model_dump()})
        except ValidationError as fault:
            fields = sorted({".".join(map(str, error["loc"])) for error in fault.errors()})
            raise InvalidDocument(
                f"bundle: runbook {runbook} is not usable: {', '.join(fields)}.",
                advice="Correct the runbook's data.yaml and build the bundle again.",
            ) from None

    def _owner(self, runbook: str) -> Owner:
        parties = self.data.get("parties", {})
        stated = parties.get("runbooks", {}).get(runbook, {}).get("owner", parties.get("default_owner"))
        try:
            return Owner.model_validate(stated)
        except ValidationError:
            return _DEFAULT_OWNER


def _unknown(owner: Owner) -> Routing:
    """Enough to ask cp0, which refuses, and to route the packet."""
    return Routing(
        steps=["unknown"],
        target_key=["cluster_id", "namespace"],
        sources=[],
        effects={},
        actions={"cp0": ["escalate"]},
        retry_budget=0,
        label_keys=[],
        duration_ms=900_000,
        owner=owner,
    )


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    stream = tar.extractfile(member)
    return stream.read() if stream else b""


def _dotted(name: str) -> str:
    # lstrip took the dot of ".manifest" with the leading "./".
    return f".{name}" if f".{name}" in _UNHASHED else name
