"""urllib3's connections, watched by a wire; to the host of the URL or to a unix socket."""

from __future__ import annotations

import logging
import socket
from typing import Any, ClassVar

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, LocationParseError, NameResolutionError, NewConnectionError

from runbook_gate.wire.addresses import connect, resolve
from runbook_gate.wire.wire import Wire

# Its warnings print headers and URLs. A level would not last: the Kubernetes client sets one of its own.
logging.getLogger("urllib3").propagate = False


class _Watched(HTTPConnection):
    wire: ClassVar[Wire]
    socket_path: ClassVar[str | None]

    def _new_conn(self) -> socket.socket:
        """In place of urllib3's, with its exceptions; the name stays the one that TLS and Host are about."""
        try:
            sock = self._connected()
        except socket.gaierror as fault:
            raise NameResolutionError(self.host, self, fault) from fault
        except UnicodeError:
            raise LocationParseError(self.host) from None
        except TimeoutError as fault:
            raise ConnectTimeoutError(self, "no connection in time") from fault
        except OSError as fault:
            raise NewConnectionError(self, str(fault)) from fault
        sock.settimeout(self.timeout)
        self.wire.hold(sock)
        return sock

    def _connected(self) -> socket.socket:
        if self.socket_path:
            place = (socket.AF_UNIX, socket.SOCK_STREAM, 0, "", self.socket_path)
            return connect([place], self._seconds())
        addresses = resolve(self._dns_host.strip("[]"), self.port, self._seconds())
        return connect(addresses, self._seconds(), self.socket_options or ())

    def _seconds(self) -> float:
        left = self.wire.left()
        return left if self.timeout is None else min(self.timeout, left)

    def request(self, *args: Any, **kwargs: Any) -> None:
        if self.sock is None:
            self.connect()
        self.wire.hold(self.sock)
        self.wire.before_send()
        super().request(*args, **kwargs)


class _WatchedTls(_Watched, HTTPSConnection):
    pass


def watch(manager: PoolManager, wire: Wire, socket_path: str | None = None) -> None:
    """Make every connection of a pool manager report to a wire, and end when it says so.

    Args:
        manager: makes the connections.
        wire: watches them.
        socket_path: a unix socket that they all lead to; None for the URL's host.
    """
    bound = {"wire": wire, "socket_path": socket_path}
    plain, tls = type("WatchedConnection", (_Watched,), bound), type("WatchedTlsConnection", (_WatchedTls,), bound)
    manager.pool_classes_by_scheme = {
        "http": type("WatchedPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
        "https": type("WatchedTlsPool", (HTTPSConnectionPool,), {"ConnectionCls": tls}),
    }
