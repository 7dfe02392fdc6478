"""A proxy between an API server and etcd that can hold back what concerns a test, and lets all else pass.

It reads as much of HTTP/2 as it needs (RFC 9113, 4.1): frames, and of the first message of each stream whether it
is a watch, a transaction or something else. Headers are passed on as they are, and together with the first message:
they start etcd's clock for the request.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, Literal

_PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_DATA, _HEADERS, _RST_STREAM = 0, 1, 3
_HEAD, _GRPC_HEAD = 9, 5
_KEY: Final = b"/registry/"

Kind = Literal["watch", "transaction", "other"]


@dataclass(frozen=True)
class Frame:
    """One HTTP/2 frame.

    Attributes:
        kind: its type.
        stream: number of its stream; 0 for the connection.
        raw: all its bytes.
    """

    kind: int
    stream: int
    raw: bytes


@dataclass(eq=False)
class Link:
    """One connection of the API server, and the proxy's own to etcd.

    Attributes:
        server: the API server's end.
        etcd: etcd's end.
        streams: what each stream is for, and the first message on it.
        lock: for sending to either end.
    """

    server: socket.socket
    etcd: socket.socket
    streams: dict[int, tuple[Kind, bytes]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def is_a(self, kind: Kind, frame: Frame, about: bytes) -> bool:
        """Whether a frame belongs to a stream of a kind whose first message names something."""
        found, first = self.streams.get(frame.stream, ("other", b""))
        return found == kind and about in first


Picks = Callable[[Link, Frame], bool]


@dataclass
class Hold:
    """Frames that are held back, and handed over when a test likes.

    Attributes:
        picks: which frames are.
        whole_link: whether all else is that follows the first of them on its connection, and nothing on others.
        caught: set once there is one.
    """

    picks: Picks
    whole_link: bool = False
    caught: threading.Event = field(default_factory=threading.Event)
    _frames: list[tuple[Link, Callable[[Link], socket.socket], Frame]] = field(default_factory=list)
    _link: Link | None = None
    _open: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def keeps(self, link: Link, to: Callable[[Link], socket.socket], frame: Frame) -> bool:
        """Whether the frame is kept back."""
        with self._lock:
            if self._open or not (self.picks(link, frame) if self._link is None else link is self._link):
                return False
            if self.whole_link:
                self._link = link
            self._frames.append((link, to, frame))
            self.caught.set()
            return True

    def release(self) -> None:
        """Hand over what is held, in order, and hold nothing any more.

        A stream that was given up meanwhile is not ended: etcd would drop a message that it has not begun with.
        """
        with self._lock:
            self._open = True
            frames, self._frames = self._frames, []
            for link, to, frame in frames:
                if frame.kind != _RST_STREAM:
                    with contextlib.suppress(OSError), link.lock:
                        to(link).sendall(frame.raw)


class EtcdWire:
    """The proxy.

    Args:
        port: where etcd listens on 127.0.0.1.

    Attributes:
        port: where the proxy does.
    """

    def __init__(self, port: int) -> None:
        self._etcd_port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._to_etcd: list[Hold] = []
        self._to_server: list[Hold] = []
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
        return self._hold(self._to_server, lambda link, frame: link.is_a("watch", frame, _KEY))

    def hold_everything(self) -> Hold:
        """Hold back everything on its way to etcd."""
        return self._hold(self._to_etcd, lambda link, frame: True)

    @staticmethod
    def _hold(holds: list[Hold], picks: Picks) -> Hold:
        hold = Hold(picks)
        holds.append(hold)
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
            link.etcd.sendall(_exactly(link.server, len(_PREFACE)))
            waiting: list[Frame] = []
            for frame in _frames(link.server):
                if frame.kind in {_DATA, _RST_STREAM} and frame.stream not in link.streams:
                    message = frame.raw[_HEAD + _GRPC_HEAD :]
                    link.streams[frame.stream] = (_kind(message), message)
                waiting.append(frame)
                while waiting and not (waiting[0].kind == _HEADERS and waiting[0].stream not in link.streams):
                    _pass_on(self._to_etcd, link, _etcd_end, waiting.pop(0))

    def _back(self, link: Link) -> None:
        """To the API server."""
        with contextlib.suppress(OSError):
            for frame in _frames(link.etcd):
                _pass_on(self._to_server, link, _server_end, frame)
        with contextlib.suppress(OSError):
            link.server.shutdown(socket.SHUT_RDWR)


def _pass_on(holds: list[Hold], link: Link, to: Callable[[Link], socket.socket], frame: Frame) -> None:
    if any(hold.keeps(link, to, frame) for hold in holds):
        return
    with link.lock:
        to(link).sendall(frame.raw)


def _etcd_end(link: Link) -> socket.socket:
    return link.etcd


def _server_end(link: Link) -> socket.socket:
    return link.server


def _frames(stream: socket.socket) -> Iterator[Frame]:
    while True:
        head = _exactly(stream, _HEAD)
        number = int.from_bytes(head[5:9], "big") & 0x7FFFFFFF
        yield Frame(head[3], number, head + _exactly(stream, int.from_bytes(head[:3], "big")))


def _exactly(stream: socket.socket, length: int) -> bytes:
    data = b""
    while len(data) < length:
        part = stream.recv(length - len(data))
        if not part:
            raise ConnectionError
        data += part
    return data


def _kind(message: bytes) -> Kind:
    """A watch holds a request that begins with its key, a range begins with its key, a transaction compares first."""
    inner = _first_field(message)
    if inner.startswith(_KEY) or _KEY not in message:
        return "other"
    return "watch" if _first_field(inner).startswith(_KEY) else "transaction"


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
