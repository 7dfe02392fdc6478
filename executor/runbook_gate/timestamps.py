"""Moments as other systems write them, and as records keep them: integer milliseconds since the epoch."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_RFC_3339 = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,9}))?Z")


def rfc3339_ms(value: object) -> int | None:
    """Read an RFC 3339 time in UTC, such as `2026-11-20T10:00:00.123456Z`.

    Args:
        value: what stood in a document.

    Returns:
        Milliseconds since the epoch, rounded down; None for anything else.
    """
    found = _RFC_3339.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return None
    try:
        moment = datetime.fromisoformat(found[1]).replace(tzinfo=UTC)
    except ValueError:
        return None
    return int(moment.timestamp()) * 1000 + int((found[2] or "").ljust(3, "0")[:3])


def http_date_ms(value: str | None) -> int | None:
    """Read an HTTP date, such as `Fri, 20 Nov 2026 10:00:00 GMT`.

    Args:
        value: the header's value.

    Returns:
        Milliseconds since the epoch; None for anything else.
    """
    try:
        return int(parsedate_to_datetime(value or "").timestamp()) * 1000
    except (ValueError, OverflowError):
        return None


def rfc3339(ms: int) -> str:
    """Show a moment to people.

    Args:
        ms: milliseconds since the epoch.

    Returns:
        RFC 3339 in UTC with milliseconds; the number itself if it lies beyond the years 1 to 9999.
    """
    try:
        moment = datetime.fromtimestamp(ms / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return f"{ms} ms"
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{ms % 1000:03}Z"
