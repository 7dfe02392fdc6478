"""Where registers come from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol

Outcome = Literal["answered", "unanswered", "missing", "malformed"]


@dataclass(frozen=True)
class RawAnswer:
    """What a source answered, before anything was looked at. Never stored, printed or logged.

    Attributes:
        outcome: answered, unanswered (no answer came), missing (the source says there is none) or malformed.
        problem: stable name of what was wrong, None if answered.
        content: the answer's bytes, of several pages the first; None without any.
        read_at_ms: wall clock when the answer was complete.
        further: the other pages.
    """

    outcome: Outcome
    problem: str | None
    read_at_ms: int
    content: bytes | None = field(default=None, repr=False)
    further: tuple[bytes, ...] = field(default=(), repr=False)

    @property
    def pages(self) -> tuple[bytes, ...]:
        """All that came, in order."""
        return () if self.content is None else (self.content, *self.further)


class RegisterSource(Protocol):
    """Something that answers for registers by name."""

    def read(self, name: str) -> RawAnswer:
        """Read one register, whole. Never raises because of what the source did."""
        ...
