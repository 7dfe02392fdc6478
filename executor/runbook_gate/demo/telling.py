"""Shows a packet so that it reads well at the console's width."""

from __future__ import annotations

import re
import textwrap
from typing import Final

from rich.console import Console

from runbook_gate.models.packet import Packet
from runbook_gate.packet.markdown import render

_ITEM: Final = re.compile(r" *(?:- |[0-9]+\. )?")


def show_packet(packet: Packet, console: Console) -> None:
    """Print it. Sentences are wrapped; tables and commands in blocks stay as they are, so that they can be copied."""
    block = False
    for line in render(packet).splitlines():
        block ^= line.startswith("```")
        item = _ITEM.match(line)
        wrapped = (
            [line] if block or line.startswith("|") else _wrapped(line, console.width, " " * item.end() if item else "")
        )
        for part in wrapped or [""]:
            console.print(part, markup=False, soft_wrap=True)


def _wrapped(line: str, width: int, hang: str) -> list[str]:
    return textwrap.wrap(line, width, subsequent_indent=hang, break_long_words=False, break_on_hyphens=False)
