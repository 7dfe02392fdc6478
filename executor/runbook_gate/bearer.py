"""A bearer token in a file, as short-lived tokens are mounted: whoever mounts it replaces the file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

_LARGEST: Final = 16 * 1024
_TOKEN: Final = re.compile(rb"[\x21-\x7e]+")


class NoTokenError(Exception):
    """The file cannot be read, or holds no token. It says nothing of what is there."""


def bearer(file: Path) -> str:
    """Read the token that the file holds now.

    Raises:
        NoTokenError: it cannot be read, or is not one word of printable ASCII.
    """
    try:
        with file.open("rb") as opened:
            content = opened.read(_LARGEST + 1).strip()
    except OSError:
        raise NoTokenError from None
    if len(content) > _LARGEST or not _TOKEN.fullmatch(content):
        raise NoTokenError
    return content.decode("ascii")
