"""The packet as Markdown. Everything that came from elsewhere is escaped before it is set."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined, Template

from runbook_gate.checkpoints import NAMES
from runbook_gate.models.packet import LiveState, Packet, RegisterVersion
from runbook_gate.packet.escaping import code, escape, table
from runbook_gate.printable import printable
from runbook_gate.timestamps import rfc3339


class _Set(str):
    """Markdown that is ready; whatever is done to it makes it plain text again, which is escaped."""

    __slots__ = ()


def render(packet: Packet) -> str:
    """Set the packet for people."""
    return _template().render(packet=packet, label_table=_label_table, register_table=_register_table)


@cache
def _template() -> Template:
    environment = Environment(
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=lambda value: value if isinstance(value, _Set) else escape(value),
        autoescape=False,  # noqa: S701 - this is Markdown; `finalize` escapes every expression
    )
    environment.filters["code"] = _setting(code)
    environment.filters["codes"] = _setting(lambda values: ", ".join(map(code, values)))
    environment.filters["command"] = _setting(printable)
    environment.filters["name"] = NAMES.__getitem__
    environment.filters["time"] = rfc3339
    return environment.from_string((files("runbook_gate.packet") / "packet.md.j2").read_text(encoding="utf-8"))


def _setting(make: Callable[[Any], str]) -> Callable[[Any], _Set]:
    return lambda value: _Set(make(value))


def _label_table(live: LiveState) -> _Set:
    rows = [
        ["≠" if label.differs else "=", code(label.key), _or_absent(label.approved), _or_absent(label.live)]
        for label in live.labels
    ]
    return _Set(table(["", "label", "approved", "live"], rows))


def _register_table(registers: list[RegisterVersion]) -> _Set:
    rows = [
        [
            code(register.name),
            escape(register.outcome),
            code(register.version) if register.version else "",
            rfc3339(register.as_of_ms) if register.as_of_ms is not None else "",
        ]
        for register in registers
    ]
    return _Set(table(["register", "outcome", "version", "as of"], rows))


def _or_absent(value: str | None) -> str:
    return "absent" if value is None else code(value)
