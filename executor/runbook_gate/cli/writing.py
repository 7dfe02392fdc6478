"""Files that a command writes: whole, or not at all."""

from __future__ import annotations

from pathlib import Path

from runbook_gate.errors import UsageFault


def write(out: Path, raw: bytes, *, option: str = "--out") -> None:
    """Write a file in one step.

    Args:
        out: the file.
        raw: its bytes.
        option: which named it.

    Raises:
        UsageFault: it cannot be written.
    """
    partial = out.with_name(f".{out.name}.partial")
    try:
        partial.write_bytes(raw)
        partial.replace(out)
    except OSError as fault:
        raise UsageFault(f"{option} {out}: {fault.strerror}.", advice="Name a file in a writable folder.") from None
