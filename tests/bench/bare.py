"""The same requests again, with nothing around them: `http.client` on connections that are kept alive."""

from __future__ import annotations

import http.client
import os
import re
import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.bench.recording import Sent
from tests.bench.spending import DURABLE, GATE, SERVER, Spending
from tests.wire.unix import UnixConnection

_VERSION: Final = re.compile(rb'"resourceVersion": ?"(\d+)"')


class Bare:
    """Sends recorded requests on two kept-alive connections.

    Args:
        port: of the API server on 127.0.0.1.
        ca_file: who vouches for it.
        gate: unix socket of OPA.

    Attributes:
        spent: of the run that is measured.
    """

    def __init__(self, port: int, ca_file: Path, gate: str) -> None:
        trusted = ssl.create_default_context(cafile=str(ca_file))
        self._server = http.client.HTTPSConnection("127.0.0.1", port, context=trusted)
        self._gate = UnixConnection(gate)
        self.spent = Spending()

    def close(self) -> None:
        """Close both."""
        self._server.close()
        self._gate.close()

    def run(self, sent: Sequence[Sent], names: Sequence[tuple[bytes, bytes]], ledger: Path, effects: int) -> None:
        """One run's requests in their order, and an fsynced append for each effect.

        Args:
            sent: what is sent.
            names: what stands in place of what: namespace and uid.
            ledger: the file that is appended to.
            effects: how many appends there are.
        """
        version = b""
        for one in sent:
            body = one.body
            if not one.gate:
                for old, new in names:
                    body = body.replace(old, new)
                body = _VERSION.sub(b'"resourceVersion": "%s"' % version, body) if one.method == "PATCH" else body
            target = one.target
            for old, new in names:
                target = target.replace(old.decode(), new.decode())
            with self.spent.on(GATE if one.gate else SERVER):
                answer = self.send(Sent(one.gate, one.method, target, one.headers, body))
            found = _VERSION.search(answer.replace(b'":"', b'": "'))
            version = found[1] if found and not one.gate else version
        for _ in range(effects):
            with self.spent.on(DURABLE):
                append(ledger)

    def send(self, one: Sent) -> bytes:
        """One request and its whole answer."""
        connection = self._gate if one.gate else self._server
        connection.request(one.method, one.target, one.body or None, one.headers)
        answer = connection.getresponse()
        body = answer.read()
        if answer.status not in {200, 201, 403}:  # 403 is what a probe is there for
            raise AssertionError(f"{one.method} {one.target}: {answer.status} {body[:300]!r}")
        return body


def append(ledger: Path, data: bytes = b"x" * 4096) -> None:
    """An append that is durable when it is done."""
    descriptor = os.open(ledger, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, data)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
