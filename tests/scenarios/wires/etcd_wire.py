"""A proxy between an API server and etcd that can hold back what concerns a test, and lets all else pass.

Of the first message of each stream it reads whether it is a watch, a range, a transaction or something else. Headers
are passed on as they are, and together with the first message: they start etcd's clock for the request.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

from tests.scenarios.wires.etcd_frames import (
    DATA,
    GRPC_HEAD,
    HEAD,
    HEADERS,
    KEY,
    PREFACE,
    RST_STREAM,
    Frame,
    Kind,
    exactly,
    frames,
    kind_of,
)
from tests.scenarios.wires.etcd_holds import End, Hold, Keeper, Link, Picks


class EtcdWire:
    """The proxy.

    Args:
        port: where etcd listens on 127.0.0.1.

    Attributes:
        port: where the proxy does.
        asked: what each stream was for, and its first message, in order.
    """

    def __init__(self, port: int) -> None:
        self._etcd_port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.asked: list[tuple[Kind, bytes]] = []
        self._to_etcd: list[Keeper] = []
        self._to_server: list[Keeper] = []
        self._links: list[Link] = []
        threading.Thread(target=self._accept, daemon=True).start()

    @classmethod
    @contextlib.contextmanager
    def start(cls, port: int) -> Iterator[EtcdWire]:
        """Serve until the end of the block."""
        wire = cls(port)
        try:
            yield wire
        finally:
            wire.close()

    def close(self) -> None:
        """End every connection."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for link in self._links:
            for end in (link.server, link.etcd):
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
                end.close()

    def hold_transactions(self, about: str) -> Hold:
        """Hold back a transaction that names something on its way to etcd, and what follows on its connection."""
        hold = self._hold(self._to_etcd, lambda link, frame: link.is_a("transaction", frame, about.encode()))
        hold.whole_link = True
        return hold

    def hold_answers(self, about: str) -> Hold:
        """Hold back etcd's answers to transactions that name something: they are committed."""
        return self._hold(self._to_server, lambda link, frame: link.is_a("transaction", frame, about.encode()))

    def hold_watches(self) -> Hold:
        """Hold back everything that etcd tells its watchers; reads and writes pass."""
        return self._hold(self._to_server, lambda link, frame: link.is_a("watch", frame, KEY))

    def hold_everything(self) -> Hold:
        """Hold back everything on its way to etcd."""
        return self._hold(self._to_etcd, lambda link, frame: True)

    def on_the_way_there(self, keeper: Keeper) -> None:
        """Ask it about every frame to etcd."""
        self._to_etcd.append(keeper)

    def on_the_way_back(self, keeper: Keeper) -> None:
        """Ask it about every frame to the API server."""
        self._to_server.append(keeper)

    def forget(self) -> None:
        """Ask none of them any more."""
        self._to_etcd, self._to_server = [], []

    @staticmethod
    def _hold(keepers: list[Keeper], picks: Picks) -> Hold:
        hold = Hold(picks)
        keepers.append(hold)
        return hold

    def _accept(self) -> None:
        while True:
            try:
                server, _ = self._listener.accept()
            except OSError:
                return
            try:
                etcd = socket.create_connection(("127.0.0.1", self._etcd_port))
            except OSError:
                server.close()
                continue
            for end in (server, etcd):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            link = Link(server, etcd)
            self._links.append(link)
            threading.Thread(target=self._forth, args=(link,), daemon=True).start()
            threading.Thread(target=self._back, args=(link,), daemon=True).start()

    def _forth(self, link: Link) -> None:
        """To etcd. What is still held for it stays good when the API server dies."""
        with contextlib.suppress(OSError):
            link.etcd.sendall(exactly(link.server, len(PREFACE)))
            waiting: list[Frame] = []
            for frame in frames(link.server):
                if frame.kind in {DATA, RST_STREAM} and frame.stream not in link.streams:
                    message = frame.raw[HEAD + GRPC_HEAD :]
                    link.streams[frame.stream] = (kind_of(message), message)
                    self.asked.append(link.streams[frame.stream])
                waiting.append(frame)
                while waiting and not (waiting[0].kind == HEADERS and waiting[0].stream not in link.streams):
                    _pass_on(self._to_etcd, link, _etcd_end, waiting.pop(0))

    def _back(self, link: Link) -> None:
        """To the API server."""
        with contextlib.suppress(OSError):
            for frame in frames(link.etcd):
                _pass_on(self._to_server, link, _server_end, frame)
        with contextlib.suppress(OSError):
            link.server.shutdown(socket.SHUT_RDWR)


def _pass_on(keepers: list[Keeper], link: Link, to: End, frame: Frame) -> None:
    if not any(keeper.keeps(link, to, frame) for keeper in keepers):
        link.send(to(link), frame)


def _etcd_end(link: Link) -> socket.socket:
    return link.etcd


def _server_end(link: Link) -> socket.socket:
    return link.server
