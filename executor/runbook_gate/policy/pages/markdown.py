"""The little Markdown that made pages need."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

MADE: Final = "<!-- Made from policies/ by `make docs`: edit the policies, not this page. -->"


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """A table.

    Args:
        header: of the columns.
        rows: cells, in each row as many.
    """
    for cells in (header, ["---"] * len(header), *rows):
        yield f"| {' | '.join(_cell(cell) for cell in cells)} |"


def code(words: Sequence[str]) -> str:
    """Names, each set as code."""
    return ", ".join(f"`{word}`" for word in words)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
