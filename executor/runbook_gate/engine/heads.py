"""Ledger heads leave the host at opening, at each intent and at the end (records.md, `Database`)."""

from __future__ import annotations

from pathlib import Path

from runbook_gate.errors import LedgerUnwritable
from runbook_gate.models.entry import Entry


class Heads:
    """A file to which heads are added, one JSON-free line each: at_ms, run, seq, sha256.

    Args:
        file: where; None keeps none.
    """

    def __init__(self, file: Path | None) -> None:
        self._file = file

    def publish(self, entry: Entry) -> None:
        """Add the head.

        Raises:
            LedgerUnwritable: if the file cannot be written; a head that cannot leave is no small matter.
        """
        if self._file is None:
            return
        try:
            with self._file.open("a", encoding="ascii") as out:
                out.write(f"{entry.at_ms} {entry.run} {entry.seq} {entry.sha256}\n")
        except OSError as fault:
            raise LedgerUnwritable(f"heads_file {self._file}: {fault.strerror}.") from fault
