"""The packet as Markdown. Everything that came from elsewhere is escaped before it is set."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined

from runbook_gate.models.packet import Packet

_MARKUP = re.compile(r"([\\`*_{}\[\]()<>#+\-!|~&$])")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


class Verbatim(str):
    """Text for a code block, where Markdown knows no escapes; it stays on its line."""

    __slots__ = ()


def escape(value: Any) -> str:
    """Text that Markdown and a terminal show as it is: no markup, no control or direction characters."""
    plain = _CONTROL.sub("�", str(value))
    return plain if isinstance(value, Verbatim) else _MARKUP.sub(r"\\\1", plain)


def rfc3339(ms: int) -> str:
    """Milliseconds since the epoch as RFC 3339 in UTC."""
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def render(packet: Packet) -> str:
    """Set the packet for people."""
    environment = Environment(
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=escape,
        autoescape=False,  # noqa: S701 - this is Markdown; `finalize` escapes every expression
    )
    environment.filters["time"] = rfc3339
    environment.filters["verbatim"] = Verbatim
    template = (files("runbook_gate.packet") / "packet.md.j2").read_text(encoding="utf-8")
    return environment.from_string(template).render(packet=packet)
