"""The line between a client and the server, which breaks at a commit, or on which the server says another thing."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Final, Literal, Self

from tests.postgresql.server import PostgresServer

from runbook_gate.ledger import Server
from runbook_gate.store_url import StoreUrl

Moment = Literal["before", "after"]
_COMMIT: Final = b"COMMIT\x00"
_TERMINATE: Final = b"X\x00\x00\x00\x04"


class Line:
    """Passes everything on, until the commit that is to be the last.

    Args:
        server: the server.
        says: what becomes of what it says.

    Attributes:
        moment: whether the line breaks before the commit has reached the server, or after it was carried out.
        left: how many commits are passed on before that; None: all are.
    """

    def __init__(self, server: PostgresServer, says: Callable[[bytes], bytes] = bytes) -> None:
        self._server, self.moment, self.left, self._says = server, "before", None, says
        self._listening = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()

    moment: Moment
    left: int | None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def to(self, place: Server) -> Server:
        """The same database, by way of this line."""
        url = place.url
        return Server(StoreUrl(url.user, url.host, self._listening.getsockname()[1], url.dbname, "disable"))

    def _accept(self) -> None:
        while True:
            try:
                client = self._listening.accept()[0]
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._server.port))
            cut = threading.Event()
            down = threading.Thread(target=_downwards, args=(server, client, self._says, cut), daemon=True)
            down.start()
            threading.Thread(target=self._upwards, args=(client, server, down, cut), daemon=True).start()

    def _upwards(
        self, client: socket.socket, server: socket.socket, down: threading.Thread, cut: threading.Event
    ) -> None:
        with client, server:
            while data := _read(client):
                if data.endswith(_COMMIT) and self._breaks():
                    if self.moment == "after":
                        cut.set()
                        server.sendall(data + _TERMINATE)
                        down.join()  # the server closes its end when it has done what came before
                    break
                server.sendall(data)
            for end in (server, client):
                _hang_up(end)

    def _breaks(self) -> bool:
        if self.left is None:
            return False
        self.left -= 1
        return self.left < 0


def _downwards(
    server: socket.socket, client: socket.socket, says: Callable[[bytes], bytes], cut: threading.Event
) -> None:
    """Once it is cut nothing gets through, and the client sees the end when the server has closed."""
    while data := _read(server):
        if cut.is_set():
            continue
        try:
            client.sendall(says(data))
        except OSError:
            return
    _hang_up(client)


def _hang_up(end: socket.socket) -> None:
    """Closing alone would wait for whoever reads from it."""
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)


def _read(source: socket.socket) -> bytes:
    try:
        return source.recv(65536)
    except OSError:
        return b""
