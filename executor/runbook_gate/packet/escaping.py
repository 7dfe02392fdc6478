r"""Foreign text in Markdown. Two ways, and nothing foreign is set in a third.

- `code` sets what other systems say (names, values, versions) as a code span. Nothing is markup in one: no link, no
  mention, no mathematics. Its fence is longer than any row of backticks inside.
- `escape` sets sentences (messages and solutions of the policy). Inside a line only what can form markup is escaped:
  ``\ ` * [ ] < > | ~ $ &``, `_` at the edge of a word, `://` and `www.`, of which GitHub makes links. What is markup at
  the beginning of a line alone (`#`, `-`, `+`, `1.`) stays: the template never begins a line with foreign text.

In both, characters that break lines, hide text or turn its direction become U+FFFD.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

from runbook_gate.printable import printable

LONGEST: Final = 400
_MARKUP: Final = re.compile(r"[\\`*\[\]<>|~$&]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
_LINK: Final = re.compile(r":(?=//)|(?<=\bwww)\.|@", re.IGNORECASE)


def escape(value: object) -> str:
    """A sentence that Markdown shows as it is.

    Args:
        value: its text; white space around it, at which emphasis would end early, is left out.
    """
    return _LINK.sub(r"\\\g<0>", _MARKUP.sub(r"\\\g<0>", _short(value).strip()))


def code(value: object) -> str:
    """A value as a code span.

    Args:
        value: text is set as it is, anything else as compact JSON.
    """
    told = _short(value if isinstance(value, str) else compact(value))
    longest = max(map(len, re.findall("`+", told)), default=0)
    fence = "`" * (longest + 1)
    space = " " if not told.strip() or told[0] in "` " or told[-1] in "` " else ""
    return f"{fence}{space}{told}{space}{fence}"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table, padded so that it reads well as text too.

    Args:
        header: what stands above the columns.
        rows: cells of `escape` or `code`. A `|` in one is set as `¦`: renderers differ on how it may be escaped.

    Returns:
        Its lines.
    """
    cells = [[cell.replace("\\|", "|").replace("|", "¦") for cell in row] for row in (header, *rows)]
    widths = [max(3, *map(len, column)) for column in zip(*cells, strict=True)]
    lines = [" | ".join(map(str.ljust, row, widths)) for row in cells]
    rule = "|".join("-" * (width + 2) for width in widths)
    return "\n".join([f"| {lines[0]} |", f"|{rule}|", *(f"| {line} |" for line in lines[1:])])


def compact(value: Any) -> str:
    """Compact JSON, keys sorted."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _short(value: object) -> str:
    told = str(value)
    rest = len(told) - LONGEST
    return printable(told if rest <= 0 else f"{told[:LONGEST]}… ({rest} more characters in the JSON packet)")
