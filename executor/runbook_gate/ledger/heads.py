"""Heads that were kept elsewhere.

Whoever owns the store can rewrite a chain as a whole or cut off its newest entries, and it stays consistent. A head
that left the host before shows it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Self

from runbook_gate.models.entry import EntryFields

_LINE: Final = re.compile(r"([0-9]{1,16}) ([0-9a-z]{1,64}) ([0-9]{1,9}) ([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class KeptHead:
    """A head as it was noted elsewhere.

    Attributes:
        sha256: digest of an entry, or its first digits, 16 at least.
        run: the run; None if only the digest was noted.
        seq: position of the entry.
        at_ms: when it was appended.
    """

    sha256: str
    run: str | None = None
    seq: int | None = None
    at_ms: int | None = None

    @classmethod
    def of(cls, entry: EntryFields, sha256: str) -> Self:
        """The head that an entry is.

        Args:
            entry: the entry.
            sha256: its digest.
        """
        return cls(sha256, entry.run, entry.seq, entry.at_ms)

    @classmethod
    def read(cls, line: str) -> Self | None:
        """Read a line of a file of heads; None if it is none.

        Args:
            line: with or without its end.
        """
        found = _LINE.fullmatch(line.strip())
        return cls(found[4], found[2], int(found[3]), int(found[1])) if found else None

    def line(self) -> str:
        """A line of a file of heads: at_ms, run, seq, sha256."""
        return f"{self.at_ms} {self.run} {self.seq} {self.sha256}\n"
