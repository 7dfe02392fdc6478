"""As much of HTTP/2 as a proxy before etcd needs (RFC 9113, 4.1): frames, and what a stream asks for."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM = 0, 1, 3
INTERNAL_ERROR, REFUSED_STREAM, CANCEL = 2, 7, 8
HEAD, GRPC_HEAD = 9, 5
KEY: Final = b"/registry/"

Kind = Literal["watch", "range", "transaction", "other"]


@dataclass(frozen=True)
class Frame:
    """One frame.

    Attributes:
        kind: its type.
        stream: number of its stream; 0 for the connection.
        raw: all its bytes.
    """

    kind: int
    stream: int
    raw: bytes

    @classmethod
    def reset(cls, stream: int, code: int) -> Frame:
        """The end of a stream, with an error code."""
        raw = (4).to_bytes(3, "big") + bytes([RST_STREAM, 0]) + stream.to_bytes(4, "big") + code.to_bytes(4, "big")
        return cls(RST_STREAM, stream, raw)


def frames(stream: socket.socket) -> Iterator[Frame]:
    """What comes, until the connection ends."""
    while True:
        head = exactly(stream, HEAD)
        number = int.from_bytes(head[5:9], "big") & 0x7FFFFFFF
        yield Frame(head[3], number, head + exactly(stream, int.from_bytes(head[:3], "big")))


def exactly(stream: socket.socket, length: int) -> bytes:
    """So many bytes."""
    data = b""
    while len(data) < length:
        part = stream.recv(length - len(data))
        if not part:
            raise ConnectionError
        data += part
    return data


def kind_of(message: bytes) -> Kind:
    """A watch holds a request that begins with its key, a range begins with its key, a transaction compares first."""
    inner = _first_field(message)
    if KEY not in message:
        return "other"
    if inner.startswith(KEY):
        return "range"
    return "watch" if _first_field(inner).startswith(KEY) else "transaction"


def _first_field(message: bytes) -> bytes:
    """Content of the first field of a protobuf message, if it is field 1 and has a length."""
    if not message.startswith(b"\n"):
        return b""
    length = shift = 0
    for place, byte in enumerate(message[1:], start=2):
        length |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return message[place : place + length]
    return b""
