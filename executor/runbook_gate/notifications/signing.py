"""Signatures as Standard Webhooks has them: HMAC-SHA256 over id, time and body, once for each secret of the file."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from pathlib import Path
from typing import Final

_PREFIX: Final = b"whsec_"
_LARGEST: Final = 1024
_MOST: Final = 2  # the new one, and the old one while it is being changed
_SHORTEST_KEY: Final = 24
_LONGEST_KEY: Final = 64


class NoSecretError(Exception):
    """The file cannot be read, or does not hold what it should. It says nothing of what is there."""


def secrets_of(file: Path) -> list[bytes]:
    """Read the secrets that the file holds now.

    Args:
        file: one or two lines of `whsec_` and the base64 of 24 to 64 random bytes.

    Returns:
        The keys, in the file's order.

    Raises:
        NoSecretError: it is not such a file.
    """
    try:
        with file.open("rb") as opened:
            content = opened.read(_LARGEST + 1)
    except OSError:
        raise NoSecretError from None
    lines = content.split()
    if len(content) > _LARGEST or not 1 <= len(lines) <= _MOST:
        raise NoSecretError
    return [_key(line) for line in lines]


def signed(keys: list[bytes], notification: str, at_s: int, body: bytes) -> dict[str, str]:
    """The three headers that sign a request.

    Args:
        keys: of the secrets.
        notification: its id.
        at_s: when it is sent, seconds since the epoch.
        body: of the request.
    """
    content = f"{notification}.{at_s}.".encode("ascii") + body
    signatures = [base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode("ascii") for key in keys]
    return {
        "webhook-id": notification,
        "webhook-timestamp": str(at_s),
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }


def _key(line: bytes) -> bytes:
    if not line.startswith(_PREFIX):
        raise NoSecretError
    try:
        key = base64.b64decode(line.removeprefix(_PREFIX), validate=True)
    except binascii.Error:
        raise NoSecretError from None
    if not _SHORTEST_KEY <= len(key) <= _LONGEST_KEY:
        raise NoSecretError
    return key
