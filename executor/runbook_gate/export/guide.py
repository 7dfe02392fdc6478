"""VERIFY.md: how an export is verified with tools that everybody has."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, StrictUndefined

from runbook_gate.export import layout

_TEMPLATE = Path(__file__).with_name("VERIFY.md.j2")


def guide(*, alone: bool, signed: bool) -> bytes:
    """Make the page.

    Args:
        alone: whether there is one run, without a folder of its own.
        signed: whether the statement is.
    """
    environment = Environment(  # noqa: S701 - no HTML, and nothing of anybody's goes in
        undefined=StrictUndefined, trim_blocks=True, keep_trailing_newline=True
    )
    template = environment.from_string(_TEMPLATE.read_text(encoding="utf-8"))
    return template.render(alone=alone, signed=signed, predicate=layout.PREDICATE).encode()
