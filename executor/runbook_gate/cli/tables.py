"""Tables that keep to the width of a terminal: a long cell goes on below."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Final

from runbook_gate.cli.wrapping import WIDTH, terminal_width
from runbook_gate.printable import printable

_GAP: Final = "  "


@dataclass(frozen=True)
class _Column:
    """How wide a column is, and how wide its longest word."""

    natural: int
    word: int

    @classmethod
    def of(cls, cells: Sequence[str]) -> _Column:
        words = [len(word) for cell in cells for word in cell.split()]
        return cls(max(map(len, cells)), max(words, default=1))


def table(header: Sequence[str], rows: Sequence[Sequence[str]], *, indent: str = "  ") -> Iterator[str]:
    """Rows under their header, within 80 columns, or as wide as the terminal is.

    Args:
        header: of the columns.
        rows: cells, in each row as many.
        indent: what every line begins with.
    """
    shown = [[name.upper() for name in header], *[[printable(cell) for cell in row] for row in rows]]
    room = max(WIDTH, terminal_width()) - len(indent) - len(_GAP) * (len(header) - 1)
    widths = _fitting([_Column.of(cells) for cells in zip(*shown, strict=True)], room)
    for row in shown:
        cells = [
            textwrap.wrap(cell, max(width, 1), break_on_hyphens=False) for cell, width in zip(row, widths, strict=True)
        ]
        for line in zip_longest(*cells, fillvalue=""):
            yield (indent + _GAP.join(part.ljust(width) for part, width in zip(line, widths, strict=True))).rstrip()


def _fitting(columns: list[_Column], room: int) -> list[int]:
    """Widths that fit: the widest column that can still break between words gives way first."""
    widths = [column.natural for column in columns]
    while sum(widths) > room:
        yielding = [at for at, column in enumerate(columns) if widths[at] > column.word]
        if not yielding:
            return widths
        widths[max(yielding, key=lambda at: widths[at])] -= 1
    return widths
