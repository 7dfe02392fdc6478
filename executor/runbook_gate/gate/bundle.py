"""A policy bundle: what identifies it, and the little that the executor reads out of it.

The identity of a bundle is its content digest: SHA-256 over the sorted `sha256  path` lines of its files without
.manifest and .signatures.json. It is also the bundle's revision, so a sidecar states it with each answer.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from runbook_gate.canonical import sha256_hex
from runbook_gate.errors import InvalidDocument
from runbook_gate.gate.archive import unpack
from runbook_gate.models.runbook import Owner, Routing
from runbook_gate.models.task import TaskDocument
from runbook_gate.shapes import mapping

_UNHASHED: Final = {".manifest", ".signatures.json"}
_BUILD_ONE: Final = "Build one with `runbook-gate policy build`."
_DEFAULT_OWNER: Final = Owner(
    name="Leah Moran", title="Director of Kubernetes Platform Governance", queue="platform-governance"
)
# What a target's key can be made of.
_KEY_FIELDS: Final = {name for name, field in TaskDocument.model_fields.items() if field.annotation is str}


@dataclass(frozen=True)
class Bundle:
    """One bundle file.

    Attributes:
        raw: the bytes of the file.
        files: content by path, without a leading slash.
        revision: what its manifest states; None if it states none.
        data: its data documents.
    """

    raw: bytes
    files: Mapping[str, bytes]
    revision: str | None
    data: Mapping[str, Any]

    @classmethod
    def parse(cls, raw: bytes, *, source: str) -> Bundle:
        """Read a bundle.

        Args:
            raw: a gzipped tar as `opa build` writes it.
            source: name for messages.

        Raises:
            InvalidDocument: if it is anything else, or larger than 16 MiB unpacked.
        """
        files = unpack(raw, source=source)
        revision = _object(files, ".manifest", source).get("revision")
        return cls(
            raw,
            files,
            revision if isinstance(revision, str) and revision else None,
            _object(files, "data.json", source),
        )

    @classmethod
    def read(cls, path: Path) -> Bundle:
        """Read a bundle file that a sidecar is to serve.

        Raises:
            InvalidDocument: it is none, or its revision is not its content digest: no answer of a sidecar that
                serves it could be accepted.
        """
        try:
            raw = path.read_bytes()
        except OSError as fault:
            raise InvalidDocument(f"--bundle {path}: {fault.strerror}.", advice=_BUILD_ONE) from fault
        bundle = cls.parse(raw, source=f"--bundle {path}")
        if bundle.revision != bundle.content_sha256:
            raise InvalidDocument(f"--bundle {path}: its revision is not its content digest.", advice=_BUILD_ONE)
        return bundle

    @cached_property
    def content_sha256(self) -> str:
        """The bundle's identity."""
        lines = sorted(
            f"{sha256_hex(content)}  {name}\n" for name, content in self.files.items() if name not in _UNHASHED
        )
        return sha256_hex("".join(lines).encode())

    @cached_property
    def bundle_sha256(self) -> str:
        """Digest of the file."""
        return sha256_hex(self.raw)

    @property
    def prequalifiers(self) -> list[Any]:
        """Who may approve a repair, as parties data says."""
        listed = mapping(self.data.get("parties")).get("prequalifiers")
        return listed if isinstance(listed, list) else []

    def keys(self, party: str) -> Mapping[str, Any]:
        """Public keys of a party by their ids, as parties data says."""
        return mapping(mapping(mapping(self.data.get("parties")).get("keys")).get(party))

    def identities(self, party: str) -> Mapping[str, Any]:
        """Users that are a party, by the authority of the API server that knows them, as parties data says."""
        return mapping(mapping(mapping(self.data.get("parties")).get("identities")).get(party))

    def routing(self, runbook: str) -> Routing:
        """What the executor must know of a runbook before it can ask; defaults if the bundle lacks it.

        Args:
            runbook: name and revision, as a task states it.

        Raises:
            InvalidDocument: if the runbook's data is not as `schemas/runbook.json` describes it.
        """
        owner, runbooks = self._owner(runbook), mapping(self.data.get("runbooks"))
        if runbook not in runbooks:
            return _unknown(owner)
        try:
            routing = Routing.model_validate({**mapping(runbooks[runbook]), "owner": owner.model_dump()})
        except ValidationError as fault:
            raise _unusable(runbook, {".".join(map(str, error["loc"])) for error in fault.errors()}) from None
        if not set(routing.target_key) <= _KEY_FIELDS:
            raise _unusable(runbook, {"target_key"})
        return routing

    def _owner(self, runbook: str) -> Owner:
        """The runbook's owner, else the bundle's default, else one that is always there."""
        parties = mapping(self.data.get("parties"))
        of_runbook = mapping(mapping(parties.get("runbooks")).get(runbook))
        for stated in (of_runbook.get("owner"), parties.get("default_owner")):
            with contextlib.suppress(ValidationError):
                return Owner.model_validate(stated)
        return _DEFAULT_OWNER


def _object(files: Mapping[str, bytes], name: str, source: str) -> Mapping[str, Any]:
    try:
        document = json.loads(files.get(name, b"{}"))
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise InvalidDocument(f"{source}: {name} is not a JSON object.", advice=_BUILD_ONE)
    return document


def _unusable(runbook: str, fields: set[str]) -> InvalidDocument:
    return InvalidDocument(
        f"bundle: runbook {runbook} is not usable: {', '.join(sorted(fields))}.",
        advice="Correct the runbook's data.yaml and build the bundle again.",
    )


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
