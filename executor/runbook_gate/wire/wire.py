"""How far a request got, and the moment at which it is over.

urllib3's timeouts hold for each address and each read: a server that sends one byte a second never meets them. An alarm
shuts the socket down. And urllib3 tells a failed connect from a failed request by its exceptions; here it is seen.
"""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable, Iterator

from runbook_gate.wire.alarms import ALARMS
from runbook_gate.wire.giving_up import under_way


class NotSentError(Exception):
    """The request was given up before its first byte."""


class Wire:
    """The request that is under way on one connection.

    Attributes:
        sent: whether sending began.
        expired: whether the deadline ended it.
    """

    def __init__(self) -> None:
        self.sent = False
        self.expired = False
        self._until = 0.0
        self._may_send: Callable[[], bool] = lambda: True
        self._handle: socket.socket | None = None

    @contextlib.contextmanager
    def request(self, seconds: float, may_send: Callable[[], bool] = lambda: True) -> Iterator[None]:
        """One request: at most `seconds` long, sent only if `may_send` says so once the connection stands."""
        self.sent = self.expired = False
        self._until, self._may_send = time.monotonic() + seconds, may_send
        try:
            with ALARMS.after(seconds, self._expire), under_way(self):
                yield
        finally:
            self._release()

    def left(self) -> float:
        """Seconds until the request is over.

        Raises:
            TimeoutError: it is over.
        """
        seconds = self._until - time.monotonic()
        if seconds <= 0:
            raise TimeoutError
        return seconds

    def hold(self, sock: socket.socket) -> None:
        """Watch a connection, over at once if the request is; the handle stays good when TLS takes the socket over."""
        self._release()
        self._handle = socket.fromfd(sock.fileno(), sock.family, sock.type)
        if self.expired:
            self._expire()

    def before_send(self) -> None:
        """The last moment before the first byte.

        Raises:
            NotSentError: it is too late.
        """
        if self.expired or not self._may_send():
            raise NotSentError
        self.sent = True

    def after_answer(self) -> None:
        """The last moment of the answer: one that the alarm cut looks whole if it broke off in its head.

        Raises:
            TimeoutError: it was cut.
        """
        if self.expired:
            raise TimeoutError

    def cut(self) -> None:
        """End the request now, as its deadline would."""
        self._until = time.monotonic()
        self._expire()

    def _expire(self) -> None:
        self.expired = True
        if (handle := self._handle) is not None:
            with contextlib.suppress(OSError):
                handle.shutdown(socket.SHUT_RDWR)

    def _release(self) -> None:
        if self._handle is not None:
            self._handle.close()
            self._handle = None
