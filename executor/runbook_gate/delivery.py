"""Brings a packet to `packet_dir`, as JSON and as Markdown; at least once, under the packet's id."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import Final

from runbook_gate.errors import Undelivered
from runbook_gate.ledger import Store
from runbook_gate.models.packet import Packet
from runbook_gate.packet.markdown import render

_ALL: Final = 1_000_000


def deliver(store: Store, packet_id: str | None, folder: Path | None) -> None:
    """Write a packet's two files, unless there is no packet or no folder is configured.

    Args:
        store: the ledger.
        packet_id: id of the packet; None of a run that completed.
        folder: `packet_dir`.

    Raises:
        Undelivered: if the folder cannot be written; the packet itself is safe in the store.
    """
    if packet_id is None or folder is None:
        return
    raw = store.escalations.packet(packet_id)
    packet = Packet.model_validate_json(raw)
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _replace(folder / f"{packet_id}.json", json.dumps(json.loads(raw), indent=2) + "\n")
        _replace(folder / f"{packet_id}.md", render(packet))
    except OSError as fault:
        raise Undelivered(
            f"packet_dir {folder}: {fault.strerror}.",
            advice=f"Make the folder writable and start the same command again. The packet is in the store: "
            f"runbook-gate escalations show {packet_id}.",
        ) from None


def undelivered(store: Store, folder: Path | None) -> list[str]:
    """Ids of unresolved escalations whose packet is not in the folder."""
    if folder is None:
        return []
    unresolved = store.escalations.ids("open", "acknowledged", limit=_ALL)
    return [packet for packet in unresolved if not is_delivered(packet, folder)]


def is_delivered(packet_id: str, folder: Path) -> bool:
    """Whether a packet is in the folder."""
    return _is_there(folder / f"{packet_id}.md")


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False  # whoever delivers it says what is wrong with the folder


def _replace(path: Path, text: str) -> None:
    """Never leave half a file under the final name, not even when the power fails."""
    partial = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
    try:
        with partial.open("x", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
