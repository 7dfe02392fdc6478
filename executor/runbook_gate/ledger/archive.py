"""The archive of policies: the bundle of every decision, and what somebody added. All of it is evidence."""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from sqlalchemy import Connection, select

from runbook_gate.errors import UnknownRecord, UsageFault
from runbook_gate.ledger import evidence, journal, tables
from runbook_gate.ledger.chain import intact
from runbook_gate.ledger.database import Database
from runbook_gate.shapes import mapping, parse_object

State = Literal["kept", "missing", "altered"]
_ENTRIES = tables.entries
_SHORTEST: Final = 8
_AT_ONCE: Final = 500
_LIST: Final = "See `runbook-gate policy archive list`."


@dataclass(frozen=True, slots=True)
class Archived:
    """One bundle file.

    Attributes:
        bundle_sha256: digest of the file.
        content_sha256: what identifies its policies: signed or not, they are the same.
        decisions: how many decisions of this store it took.
        runs: how many runs were opened under it, or pinned to it later.
        first_ms: when a run was first pinned to it, or when it was added.
        last_ms: when it last took a decision, was pinned or added.
        added_by: who added it; None for one that came with a run alone.
        state: kept; missing: only its digest is known; altered: the bytes are others.
    """

    bundle_sha256: str
    content_sha256: str
    decisions: int = 0
    runs: int = 0
    first_ms: int | None = None
    last_ms: int | None = None
    added_by: str | None = None
    state: State = "missing"


class Archive:
    """The archived bundles of a store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list(self) -> builtins.list[Archived]:
        """List every bundle that the store names, in order of first use."""
        with self._database.read() as connection:
            return _listed(connection)

    def find(self, digits: str) -> Archived:
        """Find a bundle.

        Args:
            digits: digest of its content or of its file; the first 8 digits do if no other begins so.

        Raises:
            UnknownRecord: there is none.
            UsageFault: several begin so.
        """
        found = [one for one in self.list() if digits and _named(one, digits)]
        if not found:
            raise UnknownRecord(f"The archive has no bundle {digits}.", advice=_LIST)
        if len({one.content_sha256 for one in found}) > 1:
            raise UsageFault(f"{digits}: {len(found)} archived bundles begin so.", advice="Give more digits.")
        return min(found, key=lambda one: (one.state != "kept", one.bundle_sha256 != digits, one.bundle_sha256))

    def get(self, digits: str) -> bytes:
        """Read a bundle file.

        Args:
            digits: as for `find`.

        Raises:
            UnknownRecord: there is none, or its bytes are not kept.
            LedgerBroken: if they were altered.
        """
        found = self.find(digits)
        if found.state == "missing":
            raise UnknownRecord(
                f"The bytes of bundle {found.bundle_sha256} are not kept.",
                advice="Add the file: runbook-gate policy archive add FILE.",
            )
        with self._database.read() as connection:
            return evidence.get(connection, found.bundle_sha256)

    def add(self, raw: bytes, *, content_sha256: str, actor: str) -> Archived:
        """Keep a bundle; one that is kept already changes nothing.

        Args:
            raw: the file.
            content_sha256: digest of its content.
            actor: who adds it; recorded in the store's own chain.
        """
        with self._database.write() as connection:
            journal.begin(connection)
            sha256 = evidence.put(connection, raw)
            there = _by_digest(_listed(connection)).get(sha256)
            if there is None:
                body = {"bundle_sha256": sha256, "content_sha256": content_sha256}
                journal.append(
                    connection, self._database, kind="archived", subject=content_sha256, actor=actor, body=body
                )
            return _by_digest(_listed(connection))[sha256]


def is_digits(named: str) -> bool:
    """Whether this can be the digest of an archived bundle, or its beginning."""
    return re.fullmatch(rf"[0-9a-f]{{{_SHORTEST},64}}", named) is not None


def _named(one: Archived, digits: str) -> bool:
    return is_digits(digits) and (one.content_sha256.startswith(digits) or one.bundle_sha256.startswith(digits))


def _by_digest(found: builtins.list[Archived]) -> dict[str, Archived]:
    return {one.bundle_sha256: one for one in found}


def _listed(connection: Connection) -> builtins.list[Archived]:
    known: dict[str, Archived] = {}
    for kind, fields in _pinning(connection):
        pins = mapping(mapping(fields.get("body")).get("pins"))
        _count(known, pins, fields, decisions=int(kind == "decision"), runs=int(kind != "decision"))
    rows = select(tables.journal).where(tables.journal.c.kind == "archived").order_by(tables.journal.c.seq)
    for row in connection.execute(rows).all():
        entry = journal.at(connection, row.seq)
        _count(known, entry.body, {"at_ms": entry.at_ms}, added_by=entry.actor)
    stated = [replace(one, state=_state(connection, one.bundle_sha256)) for one in known.values()]
    return sorted(stated, key=lambda one: (one.first_ms or 0, one.bundle_sha256))


def _pinning(connection: Connection) -> Iterator[tuple[str, Mapping[str, Any]]]:
    wanted = select(_ENTRIES.c.kind, _ENTRIES.c.data).where(_ENTRIES.c.kind.in_(("opened", "repinned", "decision")))
    for row in connection.execute(wanted.execution_options(yield_per=_AT_ONCE)):
        yield row.kind, parse_object(row.data) if isinstance(row.data, bytes) else {}


def _count(
    known: dict[str, Archived],
    pins: Mapping[str, Any],
    fields: Mapping[str, Any],
    *,
    decisions: int = 0,
    runs: int = 0,
    added_by: str | None = None,
) -> None:
    sha256, content, at_ms = pins.get("bundle_sha256"), pins.get("content_sha256"), fields.get("at_ms")
    if not (isinstance(sha256, str) and isinstance(content, str) and isinstance(at_ms, int)):
        return  # an entry that was altered; `ledger verify` names it
    one = known.get(sha256, Archived(sha256, content, first_ms=at_ms, last_ms=at_ms))
    known[sha256] = replace(
        one,
        decisions=one.decisions + decisions,
        runs=one.runs + runs,
        first_ms=min(one.first_ms or at_ms, at_ms),
        last_ms=max(one.last_ms or at_ms, at_ms),
        added_by=one.added_by or added_by,
    )


def _state(connection: Connection, sha256: str) -> State:
    wanted = select(tables.evidence.c.data).where(tables.evidence.c.sha256 == sha256)
    data = connection.execute(wanted).scalar_one_or_none()
    if data is None:
        return "missing"
    return "kept" if intact(data, sha256) else "altered"
