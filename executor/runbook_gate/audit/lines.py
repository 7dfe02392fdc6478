"""Lines of a growing file from its end to its beginning, in bounded memory."""

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
    position = file.seek(0, os.SEEK_END)
    pending = [b""]
    complete = False
    while position > 0:
        size = min(BLOCK, position)
        position -= size
        file.seek(position)
        first, *rest = file.read(size).split(b"\n")
        for line in reversed(rest):
            whole = line + b"".join(reversed(pending))
            pending = []
            if complete and whole:
                yield whole
            complete = True
        pending.append(first)
        if sum(map(len, pending)) > MAX_LINE:
            raise LineTooLongError
    if complete and any(pending):
        yield b"".join(reversed(pending))
