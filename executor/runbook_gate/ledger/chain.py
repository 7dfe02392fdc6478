"""Whether a chain agrees with itself. No I/O.

- Each record's digest is that of its bytes, as they are stored. They are serialised again only to see that every
  reader reads the same in them: no key twice, no other spelling.
- Its bytes say of which chain it is, where it stands, and which record comes before.
- Positions begin at 1 and leave nothing out. The newest record is the one that the index names.
- After the first break nothing is said of the rest.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, Literal

import orjson

from runbook_gate.canonical import sha256_hex

Fault = Literal["altered", "gap", "not_canonical", "misplaced", "unlinked", "head_differs", "index_differs"]
FINAL: Final[dict[str, str]] = {"complete": "completed", "escalated": "escalated"}


@dataclass(frozen=True, slots=True)
class Link:
    """One stored record.

    Attributes:
        seq: its position, by the row.
        kind: its kind, by the row.
        sha256: its digest, by the row.
        data: the hashed bytes.
    """

    seq: int
    kind: str
    sha256: str
    data: bytes


def intact(data: object, sha256: object) -> bool:
    """Find out whether bytes are what they were.

    Args:
        data: what is stored as the bytes; SQLite can hold anything there.
        sha256: what is stored as their digest.

    Returns:
        Whether they are bytes and have the digest.
    """
    return isinstance(data, bytes) and sha256_hex(data) == sha256


@dataclass(frozen=True, slots=True)
class Break:
    """Where a chain first disagrees.

    Attributes:
        seq: the position.
        fault: altered: the bytes do not have the digest. gap: records are missing before this position.
            not_canonical: the bytes are not the canonical form of an object. misplaced: the bytes name another
            chain, position or kind. unlinked: the bytes name another record before them. head_differs: the newest
            record is not the one that the index names. index_differs: the index says something else of this one.
    """

    seq: int
    fault: Fault

    def __str__(self) -> str:
        return f"{self.fault} at {self.seq}"


class Chain:
    """Walks along one chain.

    Attributes:
        length: records that agree so far.
        head: digest of the newest of them.
        kind: kind of the newest of them.
        broken: the first break, if there is one.
    """

    def __init__(self, field: Literal["run", "store"], owner: str) -> None:
        self._field = field
        self._owner = owner
        self.length = 0
        self.head: str | None = None
        self.kind: str | None = None
        self.broken: Break | None = None

    def add(self, link: Link) -> dict[str, Any] | None:
        """Go on to the next record.

        Args:
            link: the record.

        Returns:
            Its fields; None from the first break on.
        """
        if self.broken:
            return None
        seq = self.length + 1
        if link.seq != seq:
            later = isinstance(link.seq, int) and link.seq > seq
            self.broken = Break(seq, "gap" if later else "misplaced")
            return None
        fields = _read(link)
        fault = self._fault(fields, link) if isinstance(fields, dict) else fields
        if fault or not isinstance(fields, dict):
            self.broken = Break(seq, fault or "not_canonical")
            return None
        self.length, self.head, self.kind = seq, link.sha256, link.kind
        return fields

    def end(self, length: int, head: str | None) -> None:
        """Compare with what the index says of the newest record.

        Args:
            length: how many records there are.
            head: digest of the newest.
        """
        if not self.broken and self.length < length:
            self.broken = Break(self.length + 1, "gap")
        if not self.broken and (self.length, self.head) != (length, head):
            self.broken = Break(self.length, "head_differs")

    def compare(self, *, seq: int, equal: bool) -> None:
        """Note whether the index says the same as a record.

        Args:
            seq: position of the record.
            equal: whether it does.
        """
        if not self.broken and not equal:
            self.broken = Break(seq, "index_differs")

    def _fault(self, fields: dict[str, Any], link: Link) -> Fault | None:
        place = (fields.get(self._field), fields.get("seq"), fields.get("kind"))
        if place != (self._owner, link.seq, link.kind):
            return "misplaced"
        return None if fields.get("prev_sha256", "") == self.head else "unlinked"


def _refuse(_: str) -> None:
    raise ValueError("no number of ours")


_DECODER: Final = json.JSONDecoder(parse_float=_refuse, parse_constant=_refuse)
_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def _quickly(data: bytes) -> dict[str, Any] | None:
    """The same for bytes that beyond doubt are canonical, ten times as fast; None leaves them to the other reader."""
    try:
        fields = orjson.loads(data)
        spelt = orjson.dumps(fields, option=orjson.OPT_SORT_KEYS)
        plain = isinstance(fields, dict) and spelt == data and not _has_float(fields.values())
    except (orjson.JSONDecodeError, orjson.JSONEncodeError, RecursionError):
        return None
    return fields if plain else None


def _has_float(values: Iterable[Any]) -> bool:
    for value in values:
        kind = type(value)
        if (
            kind is float
            or (kind is dict and _has_float(value.values()))
            or (kind is list and value and _has_float(value))
        ):
            return True
    return False


def _read(link: Link) -> dict[str, Any] | Fault:
    if not intact(link.data, link.sha256):
        return "altered"
    quick = _quickly(link.data)
    if quick is not None:
        return quick
    try:
        fields = _DECODER.decode(link.data.decode())
        spelt = _ENCODER.encode(fields).encode()
    except (ValueError, RecursionError):
        return "not_canonical"
    return fields if isinstance(fields, dict) and spelt == link.data else "not_canonical"
