"""Where registers come from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol


@dataclass(frozen=True)
class RawAnswer:
    """What a source answered, before anything was looked at. Never stored, printed or logged.

    Attributes:
        outcome: answered, unanswered (no answer came), missing (the source says there is none) or malformed.
        problem: stable name of what was wrong, None if answered.
        content: the answer's bytes, None without any.
        read_at_ms: wall clock when the answer was complete.
    """

    outcome: Literal["answered", "unanswered", "missing", "malformed"]
    problem: str | None
    read_at_ms: int
    content: bytes | None = field(default=None, repr=False)


class RegisterSource(Protocol):
    """Something that answers for registers by name."""

    def read(self, name: str) -> RawAnswer:
        """Read one register, whole. Never raises because of what the source did."""
        ...
