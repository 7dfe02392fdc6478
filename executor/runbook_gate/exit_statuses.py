"""What the process says when it ends: the one list, from which errors and the README's table are made."""

from __future__ import annotations

from enum import IntEnum


class ExitStatus(IntEnum):
    """The exit statuses of design.md.

    Attributes:
        meaning: as the README's table tells it.
    """

    meaning: str

    COMPLETE = 0, "complete, or idle with nothing due"
    UNEXPECTED = 1, "unexpected error"
    USAGE = 2, "usage, or an invalid task"
    ESCALATED = 10, "escalated"
    HELD = 11, "held elsewhere"
    STOPPED = 12, "stopped safely, resumable"
    LEDGER = (
        13,
        (
            "ledger or export broken, ledger unwritable or of another version, "
            "or not as a kept head, a seal or the audit log says"
        ),
    )
    FOUND = 14, "a replay found what `--fail-on` names"

    def __new__(cls, status: int, meaning: str) -> ExitStatus:
        """Make a member of its number and meaning."""
        member = int.__new__(cls, status)
        member._value_ = status
        member.meaning = meaning
        return member


def markdown_table() -> str:
    """The README's table."""
    rows = [f"| {status.value} | {status.meaning} |" for status in ExitStatus]
    return "\n".join(["| status | meaning |", "|---|---|", *rows])
