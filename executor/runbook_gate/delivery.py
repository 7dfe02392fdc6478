"""Brings a packet to `packet_dir`, as JSON and as Markdown; at least once, under the packet's id."""

from __future__ import annotations

import json
from pathlib import Path

from runbook_gate.errors import Undelivered
from runbook_gate.ledger import Finished, Store
from runbook_gate.models.packet import Packet
from runbook_gate.packet.markdown import render


def deliver(store: Store, finished: Finished, folder: Path | None) -> None:
    """Write the packet's two files, unless the run completed or no folder is configured.

    Raises:
        Undelivered: if the folder cannot be written; the packet itself is safe in the store.
    """
    if finished.packet is None or folder is None:
        return
    raw = store.escalations.packet(finished.packet)
    packet = Packet.model_validate_json(raw)
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _replace(folder / f"{finished.packet}.json", json.dumps(json.loads(raw), indent=2) + "\n")
        _replace(folder / f"{finished.packet}.md", render(packet))
    except OSError as fault:
        raise Undelivered(
            f"packet_dir {folder}: {fault.strerror}.",
            advice=f"Make the folder writable and start the same command again. The packet is in the store: "
            f"runbook-gate escalations show {finished.packet}.",
        ) from None


def _replace(path: Path, text: str) -> None:
    """Never leave half a file under the final name."""
    partial = path.with_suffix(path.suffix + ".partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)
