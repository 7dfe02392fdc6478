"""Lengths of time in runbook data, which are milliseconds, for people."""

from __future__ import annotations


def seconds(ms: object) -> str:
    """Milliseconds as seconds: `900 s`, `0.5 s`."""
    return f"{ms / 1000:g} s" if isinstance(ms, int) else str(ms)
