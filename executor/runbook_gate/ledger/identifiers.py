"""Names that the store gives."""

from __future__ import annotations

import os
from typing import Final

_DIGITS: Final = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32, which leaves out i, l, o and u


def run_id(at_ms: int) -> str:
    """Make a run id: a ULID in lower case, so ids sort by time and fit into a fieldManager.

    Args:
        at_ms: wall clock, milliseconds since the epoch.

    Returns:
        26 characters of 0-9 and a-z: 48 bits of time, 80 of chance.
    """
    number = (at_ms << 80) | int.from_bytes(os.urandom(10), "big")
    return "".join(_DIGITS[(number >> shift) & 31] for shift in range(125, -1, -5))


def packet_id(entry_sha256: str) -> str:
    """Make the id of an escalation packet.

    Args:
        entry_sha256: digest of the run's `escalated` entry.

    Returns:
        `esc-` and 16 hexadecimal digits.
    """
    return f"esc-{entry_sha256[:16]}"


def notification_id(entry_sha256: str) -> str:
    """Make the id of the notification of an entry: the same however often it is sent.

    Args:
        entry_sha256: digest of the entry.

    Returns:
        `evt-` and 32 hexadecimal digits.
    """
    return f"evt-{entry_sha256[:32]}"
