"""The TLS context of a client's connections: made once, and anew when a file that it was made of is another."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

from urllib3 import PoolManager
from urllib3.util.ssl_ import create_urllib3_context


class Trust:
    """Whom a client believes, and as whom it comes.

    To read authorities and certificate takes longer than all else about a connection; each connection still shakes
    hands anew.

    Args:
        access: `hardened`.
    """

    def __init__(self, access: Any) -> None:
        self._files = [access.ssl_ca_cert, access.cert_file, access.key_file]
        self._made: tuple[list[bytes], ssl.SSLContext] | None = None

    def give(self, manager: PoolManager) -> None:
        """Let a pool manager use it.

        One whose files cannot be used is left as it is: each of its requests fails of it, and says so.

        Args:
            manager: of one client; it verifies certificates.
        """
        context = self._context()
        if context is not None:
            for name in ("ca_certs", "cert_file", "key_file"):
                manager.connection_pool_kw.pop(name, None)
            manager.connection_pool_kw["ssl_context"] = context

    def _context(self) -> ssl.SSLContext | None:
        try:
            content = [Path(file).read_bytes() if file else b"" for file in self._files]
            if self._made is None or self._made[0] != content:
                self._made = content, _context(*self._files)
        except (OSError, ValueError):  # ssl.SSLError is an OSError
            return None
        return self._made[1]


def _context(authorities: str, certificate: str | None, key: str | None) -> ssl.SSLContext:
    context = create_urllib3_context(cert_reqs=ssl.CERT_REQUIRED)
    context.load_verify_locations(authorities)
    if certificate:
        context.load_cert_chain(certificate, key)
    return context
