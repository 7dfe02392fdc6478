"""From a name to a connection, in time. A signal is heard meanwhile."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, Final

from urllib3.util.connection import allowed_gai_family

_SLICE_S: Final = 0.2  # a signal that comes as a wait begins is heard when it ends

Address = tuple[socket.AddressFamily, socket.SocketKind, int, str, Any]


def resolve(host: str, port: int, seconds: float) -> Sequence[Address]:
    """Ask for the addresses of a host.

    getaddrinfo is one call that knows no deadline, and no handler of a signal runs before it returns. So it is made in
    a thread of its own, which is left behind when the time is up.

    Args:
        host: a name or an address.
        port: TCP port.
        seconds: how long the answer may take.

    Returns:
        The addresses, the best first.

    Raises:
        TimeoutError: no answer in time.
        OSError: there are none.
        UnicodeError: this cannot be a name.
    """
    answer: Future[Sequence[Address]] = Future()
    threading.Thread(target=_ask, args=(host, port, answer), daemon=True).start()
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0 and not answer.done():
        with suppress(TimeoutError):
            answer.exception(min(left, _SLICE_S))
    return answer.result(0)


def _ask(host: str, port: int, answer: Future[Sequence[Address]]) -> None:
    try:
        answer.set_result(socket.getaddrinfo(host, port, allowed_gai_family(), socket.SOCK_STREAM))
    except Exception as fault:  # raised by who waits
        answer.set_exception(fault)


def connect(addresses: Sequence[Address], seconds: float, options: Sequence[tuple[Any, ...]] = ()) -> socket.socket:
    """Connect to the first address that accepts.

    Args:
        addresses: tried in this order; each gets an even share of the time that is left, so that a dead one never
            costs the others theirs.
        seconds: for all of them together.
        options: of the socket.

    Raises:
        OSError: none accepted; the fault of the last.
    """
    until = time.monotonic() + seconds
    fault = OSError("there is no address")
    for tried, address in enumerate(addresses):
        try:
            return _connect(address, (until - time.monotonic()) / (len(addresses) - tried), options)
        except OSError as refused:
            fault = refused
    raise fault


def _connect(address: Address, seconds: float, options: Sequence[tuple[Any, ...]]) -> socket.socket:
    if seconds <= 0:
        raise TimeoutError
    family, kind, protocol, _, place = address
    sock = socket.socket(family, kind, protocol)
    try:
        for option in options:
            sock.setsockopt(*option)
        sock.settimeout(seconds)
        sock.connect(place)
    except BaseException:
        sock.close()
        raise
    return sock
