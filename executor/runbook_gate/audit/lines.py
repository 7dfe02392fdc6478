"""Lines of a growing file in bounded memory, from its end to its beginning or the other way."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import BinaryIO, Final

BLOCK: Final = 64 * 1024
MAX_LINE: Final = 8 * 1024 * 1024


class LineTooLongError(Exception):
    """A line is longer than any event may be."""


def lines_backwards(file: BinaryIO) -> Iterator[bytes]:
    """Yield the complete lines of a file, newest first.

    Args:
        file: opened for reading bytes; it may grow meanwhile.

    Yields:
        Each line without its newline. What follows the last newline is still being written and left out.

    Raises:
        LineTooLongError: at a line of more than MAX_LINE bytes.
    """
    whole = _pieces(file)
    next(whole)
    yield from filter(None, whole)


def lines_forwards(file: BinaryIO) -> Iterator[bytes | None]:
    """Yield the lines of a file, oldest first.

    Args:
        file: opened for reading bytes, or a stream that is unpacked.

    Yields:
        Each line with its newline, which one that is still being written lacks; None for one of more than MAX_LINE
        bytes.
    """
    while line := file.readline(MAX_LINE + 1):
        if line.endswith(b"\n") or len(line) <= MAX_LINE:
            yield line
            continue
        yield None
        while (rest := file.readline(BLOCK)) and not rest.endswith(b"\n"):
            pass


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    pending: list[bytes] = []
    for block in _blocks(file):
        first, *rest = block.split(b"\n")
        for line in reversed(rest):
            yield b"".join((line, *reversed(pending)))
            pending = []
        pending.append(first)
        if sum(map(len, pending)) > MAX_LINE:
            raise LineTooLongError
    yield b"".join(reversed(pending))


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    position = file.seek(0, os.SEEK_END)
    while position > 0:
        size = min(BLOCK, position)
        position -= size
        file.seek(position)
        yield file.read(size)
