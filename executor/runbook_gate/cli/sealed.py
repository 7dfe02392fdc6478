"""Seals that `ledger verify` is given, and what it says by them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from runbook_gate import seals
from runbook_gate.dsse.statements import load_public_key
from runbook_gate.errors import UsageFault
from runbook_gate.ledger import Verification
from runbook_gate.seals import Seal

_SHOWN: Final = 16


def read_seals(files: Sequence[Path], key_file: Path | None) -> list[Seal]:
    """Read seals.

    Raises:
        UsageFault: a key without seals, or seals without a key.
        InvalidDocument: one is no seal of that key.
    """
    if bool(files) != (key_file is not None):
        raise UsageFault(
            "--seal and --key belong together.", advice="Give the public key of whoever sealed, from elsewhere."
        )
    if key_file is None:
        return []
    public = load_public_key(key_file)
    return [seals.read(file, public) for file in files]


def sealed_result(found: Verification, given: Sequence[Seal], gaps: Sequence[str], run: str | None) -> str:
    """What was found, in words; no more than the seals show of the one run, or of the store's own chain."""
    if not found.consistent:
        return found.result
    if gaps:
        return f"{found.result}, but the seals do not fit: {len(gaps)}"
    if not given:
        return found.result
    last = seals.newest(given)
    seq = max((head.seq or 0 for head in last.heads if head.run == run), default=0) if run else last.seq
    return f"sealed by {last.signer[:_SHOWN]} up to {seq}" if seq else f"{found.result}, not sealed"


def told_seals(given: Sequence[Seal]) -> list[dict[str, Any]]:
    """For programs."""
    names = ("file", "sha256", "signer", "store", "seq", "at_ms", "previous")
    return [{**{name: getattr(one, name) for name in names}, "heads": len(one.heads)} for one in given]
