"""The URL of a store on a PostgreSQL server. It has no secret, so it may be shown and recorded."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal, Self, cast, get_args
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from runbook_gate.addresses import is_loopback

SslMode = Literal["disable", "prefer", "require", "verify-ca", "verify-full"]
SCHEME: Final = "postgresql://"
_PORT: Final = 5432
_NAME: Final = re.compile(r"[^\x00-\x1f\x7f]{1,63}")
_HOST: Final = re.compile(r"[A-Za-z0-9.:-]+")


@dataclass(frozen=True, slots=True)
class StoreUrl:
    """Where a store is.

    Attributes:
        user: the role.
        host: a name, an address, or the folder of a Unix socket.
        port: the server's port.
        dbname: the database.
        sslmode: how the connection is protected; verify-full beyond this machine.
    """

    user: str
    host: str
    port: int
    dbname: str
    sslmode: SslMode

    @classmethod
    def read(cls, url: str) -> Self:
        """Read `postgresql://USER@HOST:PORT/DATABASE?sslmode=MODE`, or `?host=FOLDER` for a Unix socket.

        Args:
            url: the text.

        Raises:
            ValueError: saying what is wrong with it, without its values.
        """
        try:
            parts = urlsplit(url)
            port = parts.port or _PORT
            query = dict(parse_qsl(parts.query, strict_parsing=True)) if parts.query else {}
        except ValueError:
            raise ValueError("must be postgresql://USER@HOST:PORT/DATABASE") from None
        if parts.password is not None:
            raise ValueError("must have no password: name a file with it as `store_password_file`")
        if parts.fragment or query.keys() - {"sslmode", "host"}:
            raise ValueError("may have no other option than sslmode and host")
        host = _host(parts.hostname, query.get("host"))
        sslmode = _sslmode(host, query.get("sslmode"))
        return cls(_name(parts.username, "a user"), host, port, _name(parts.path[1:], "a database"), sslmode)

    @property
    def local(self) -> bool:
        """Whether the server is on this machine."""
        return _local(self.host)

    def __str__(self) -> str:
        at, query = (f"[{self.host}]" if ":" in self.host else self.host), f"sslmode={self.sslmode}"
        if self.host.startswith("/"):
            at, query = "", f"host={quote(self.host)}&{query}"
        return f"{SCHEME}{quote(self.user, safe='')}@{at}:{self.port}/{quote(self.dbname, safe='')}?{query}"


def _name(quoted: str | None, what: str) -> str:
    name = unquote(quoted or "")
    if not _NAME.fullmatch(name):
        raise ValueError(f"must name {what}")
    return name


def _host(named: str | None, folder: str | None) -> str:
    if folder is not None and (named or not folder.startswith("/") or not folder.isprintable()):
        raise ValueError("may have host=FOLDER only as an absolute path, in place of the host's name")
    host = folder or named or ""
    if not (host.startswith("/") or _HOST.fullmatch(host)):
        raise ValueError("must name a host")
    return host


def _sslmode(host: str, given: str | None) -> SslMode:
    if given is not None and given not in get_args(SslMode):
        raise ValueError(f"must have one of {', '.join(get_args(SslMode))} as sslmode")
    if _local(host):
        return cast("SslMode", given or "prefer")
    if given not in (None, "verify-full"):
        raise ValueError("must have sslmode=verify-full: the server is not on this machine")
    return "verify-full"


def _local(host: str) -> bool:
    return host.startswith("/") or is_loopback(host)
