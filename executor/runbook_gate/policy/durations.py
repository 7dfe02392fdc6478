"""Times in policies and decisions, which are milliseconds, for people."""

from __future__ import annotations

from typing import Final

from runbook_gate.timestamps import rfc3339

_FIRST_MOMENT_MS: Final = 10**11  # in March 1973; no limit of a runbook is three years


def seconds(ms: object) -> str:
    """Milliseconds as seconds, such as `900 s` or `0.5 s`; of a moment, the moment."""
    if not isinstance(ms, int):
        return str(ms)
    return f"{ms / 1000:g} s" if ms < _FIRST_MOMENT_MS else rfc3339(ms)
