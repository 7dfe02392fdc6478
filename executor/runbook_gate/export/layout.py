"""What an export holds, by name, and how large it may be."""

from __future__ import annotations

import re
from typing import Final

SUMS: Final = "SHA256SUMS"
GUIDE: Final = "VERIFY.md"
PLAIN: Final = "statement.json"
SIGNED: Final = "statement.dsse.json"
RECORDS: Final = {"complete": "completion.json", "escalated": "packet.json"}
PREDICATE: Final = "urn:runbook-gate:runbook-run/v1"

LARGEST_FILE: Final = 16 * 1024 * 1024
LARGEST_LIST: Final = 256 * 1024 * 1024  # of all files, or about all runs
MOST_FILES: Final = 10_000_000
MOST_BYTES: Final = 32 * 1024**3
LARGEST_RATIO: Final = 200  # unpacked to packed; JSON packs to a tenth or less, a bomb to a thousandth
_ALWAYS: Final = 16 * 1024 * 1024

_RUN: Final = r"(?:runs/[0-9a-z]{1,64}/)?"
_NAME: Final = re.compile(
    rf"{_RUN}entries/[0-9]{{6}}\.json|{_RUN}(?:packet|completion)\.json|evidence/[0-9a-f]{{64}}"
    rf"|bundles/[0-9a-f]{{64}}\.tar\.gz|{SUMS}|{re.escape(GUIDE)}|{re.escape(PLAIN)}|{re.escape(SIGNED)}"
)


def is_name(name: str) -> bool:
    """Whether an export may hold a file of this name: no other path, no way out of a folder."""
    return _NAME.fullmatch(name) is not None


def largest(name: str) -> int:
    """How many bytes a file of this name may have."""
    return LARGEST_LIST if name in (SUMS, PLAIN, SIGNED) else LARGEST_FILE


def room(packed: int) -> int:
    """How many bytes may come out of so many packed ones."""
    return min(MOST_BYTES, _ALWAYS + LARGEST_RATIO * packed)


def entry(folder: str, seq: int) -> str:
    """Name of an entry."""
    return f"{folder}entries/{seq:06}.json"


def evidence(sha256: str) -> str:
    """Name of some evidence."""
    return f"evidence/{sha256}"


def bundle(sha256: str) -> str:
    """Name of a bundle file."""
    return f"bundles/{sha256}.tar.gz"
