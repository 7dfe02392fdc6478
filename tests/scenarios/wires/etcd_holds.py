"""What a wire before etcd does with some frames: holds them back, or ends their stream or their connection."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from tests.scenarios.wires.etcd_frames import CANCEL, HEADERS, RST_STREAM, Frame, Kind


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

    def asks(self, frame: Frame, *names: bytes) -> bool:
        """Whether a frame belongs to a stream that reads or writes what one of the names is in."""
        found, first = self.streams.get(frame.stream, ("other", b""))
        return found in {"range", "transaction"} and any(name in first for name in names)

    def send(self, to: socket.socket, frame: Frame) -> None:
        """Hand a frame over at one of the ends."""
        with self.lock:
            to.sendall(frame.raw)

    def reset(self) -> None:
        """End both connections with a reset."""
        for end in (self.server, self.etcd):
            with contextlib.suppress(OSError):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                # Wakes who reads from it.
                end.shutdown(socket.SHUT_RD)
            end.close()


Picks = Callable[[Link, Frame], bool]
End = Callable[[Link], socket.socket]


@dataclass
class Hold:
    """Frames that are held back, and handed over when a test likes.

    Attributes:
        picks: which frames are.
        whole_link: whether all else is that follows the first of them on its connection, and nothing on others.
        caught: set once there is one.
        link: that connection.
    """

    picks: Picks
    whole_link: bool = False
    caught: threading.Event = field(default_factory=threading.Event)
    link: Link | None = None
    _frames: list[tuple[Link, End, Frame]] = field(default_factory=list)
    _open: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def keeps(self, link: Link, to: End, frame: Frame) -> bool:
        """Whether the frame is kept back."""
        with self._lock:
            if self._open or not (self.picks(link, frame) if self.link is None else link is self.link):
                return False
            if self.whole_link:
                self.link = link
            self._frames.append((link, to, frame))
            self.caught.set()
            return True

    def release(self) -> None:
        """Hand over what is held, in order, and hold nothing any more.

        A stream that was given up meanwhile is not ended: etcd would drop a message that it has not begun with.
        """
        with self._lock:
            self._open = True
            held, self._frames = self._frames, []
            for link, to, frame in held:
                if frame.kind != RST_STREAM:
                    with contextlib.suppress(OSError):
                        link.send(to(link), frame)


@dataclass
class Cut:
    """The end of the connection of the first frame that is picked, which is lost.

    Attributes:
        picks: which frame.
        caught: set once there was one.
    """

    picks: Picks
    caught: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def keeps(self, link: Link, to: End, frame: Frame) -> bool:
        """Whether the frame is lost."""
        with self._lock:
            if self.caught.is_set() or not self.picks(link, frame):
                return False
            self.caught.set()
            link.reset()
            return True


@dataclass
class StreamCut:
    """The end of the stream of the first message that is picked, which is lost; its connection goes on.

    Headers pass: each end's table of headers is the whole connection's.

    Attributes:
        picks: which frames.
        code: with which error the API server is told, of RFC 9113, 7.
        caught: set once there was one.
    """

    picks: Picks
    code: int
    caught: threading.Event = field(default_factory=threading.Event)
    _stream: tuple[Link, int] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def keeps(self, link: Link, to: End, frame: Frame) -> bool:
        """Whether the frame is lost."""
        with self._lock:
            if frame.kind == HEADERS or not (self._stream or self.picks(link, frame)):
                return False
            if self._stream is None:
                self._stream = (link, frame.stream)
                self.caught.set()
                link.send(link.server, Frame.reset(frame.stream, self.code))
                if to(link) is link.etcd:
                    link.send(link.etcd, Frame.reset(frame.stream, CANCEL))
            return self._stream == (link, frame.stream)


class Keeper(Protocol):
    """Any of these."""

    def keeps(self, link: Link, to: End, frame: Frame) -> bool: ...
