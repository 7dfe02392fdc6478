"""Text that keeps to the width of a terminal."""

from __future__ import annotations

import json
import os
import re
import sys
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any, Final

from runbook_gate.printable import printable
from runbook_gate.timestamps import rfc3339

WIDTH: Final = 80
# A path is broken before a key, a value between words: never inside a key.
_STEPS: Final = re.compile(r'\["[^"]*"\]|\.?[^.\[]+|[.\[]')
_WORDS: Final = re.compile(r"\S+\s*")
_LONGEST_VALUE: Final = 400
_EARLIEST_MOMENT_MS: Final = 10**12  # 2001; smaller numbers are lengths of time


def terminal_width() -> int:
    """How wide the terminal on stdout is; 0 where stdout is none, so that files do not differ by who makes them."""
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns
    except (OSError, ValueError):
        return 0


def wrapped(text: object, *, indent: str = "", first: str | None = None) -> list[str]:
    """A sentence, broken between words.

    Args:
        text: whatever is in it is made safe to show.
        indent: what every line begins with.
        first: what the first line begins with instead.
    """
    return textwrap.wrap(
        printable(text),
        WIDTH,
        initial_indent=indent if first is None else first,
        subsequent_indent=indent,
        break_on_hyphens=False,
    )


def facts(found: Mapping[str, Any], *, indent: str, whole: bool = True) -> Iterator[str]:
    """Facts, each path with its value, on one line where both fit.

    Args:
        found: values by path.
        indent: what every line begins with.
        whole: False to say of composed values only how many parts they have.
    """
    for path, value in found.items():
        shown = _value(path, value) if whole else _brief(path, value)
        line = f"{indent}{path} = {shown}"
        if len(line) <= WIDTH:
            yield printable(line)
        else:
            yield from _folded(_STEPS.findall(printable(path)), indent)
            yield from _folded(_WORDS.findall(f"= {printable(shown)}"), f"{indent}  ")


def _brief(path: str, value: object) -> str:
    if isinstance(value, dict) and value:
        return f"{{ {len(value)} member{'s' if len(value) > 1 else ''} }}"
    if isinstance(value, list) and value:
        return f"[ {len(value)} item{'s' if len(value) > 1 else ''} ]"
    return _value(path, value)


def _value(path: str, value: object) -> str:
    shown = json.dumps(value, ensure_ascii=False)
    moment = isinstance(value, int) and path.endswith("_ms") and value > _EARLIEST_MOMENT_MS
    if moment and isinstance(value, int):
        return f"{shown} ({rfc3339(value)})"
    more = len(shown) - _LONGEST_VALUE
    return f"{shown[:_LONGEST_VALUE]}… and {more} more characters (-o json)" if more > 0 else shown


def _folded(parts: list[str], indent: str) -> Iterator[str]:
    """Parts over as many lines as they need; only a part that is longer than a line is broken."""
    length = WIDTH - len(indent)
    line = ""
    for part in parts:
        if line and len(line) + len(part.rstrip()) > length:
            yield (indent + line).rstrip()
            line = ""
        line += part
        while len(line.rstrip()) > length:
            yield indent + line[:length]
            line = line[length:]
    yield (indent + line).rstrip()
