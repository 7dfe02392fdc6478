"""One etcd member, the storage of the local API servers."""

from __future__ import annotations

import contextlib
import http.client
import shutil
from typing import TYPE_CHECKING

from runbook_gate.binaries import find_tool
from runbook_gate.processes import ServerProcess, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Etcd:
    """An etcd of one member without fsync: for data that nobody needs after the cluster is stopped.

    Attributes:
        port: The clients' port on 127.0.0.1.
        url: Where clients connect.
        process: The server process; `pause` and `resume` make the API servers time out and recover.
    """

    def __init__(self, folder: Path, port: int | None = None) -> None:
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._data = folder / "etcd"
        peers = f"http://127.0.0.1:{free_port()}"
        settings = {
            "data-dir": str(self._data),
            "listen-client-urls": self.url,
            "advertise-client-urls": self.url,
            "listen-peer-urls": peers,
            "initial-advertise-peer-urls": peers,
            "initial-cluster": f"default={peers}",
            "unsafe-no-fsync": "true",
        }
        command = [str(find_tool("etcd")), *(f"--{name}={value}" for name, value in settings.items())]
        self.process = ServerProcess("etcd", command, folder / "etcd.log")

    @classmethod
    @contextlib.contextmanager
    def start(cls, folder: Path) -> Iterator[Etcd]:
        """Starts etcd; at the end of the block stops it and removes its data, and leaves its log."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        etcd = cls(folder)
        etcd.process.start(etcd.is_ready)
        try:
            yield etcd
        finally:
            etcd.process.stop(grace_s=2)
            shutil.rmtree(etcd._data, ignore_errors=True)

    def is_ready(self) -> bool:
        """Whether etcd serves linearizable reads."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == http.HTTPStatus.OK
        finally:
            connection.close()

    def pause(self) -> None:
        """Freezes etcd: writes through an API server get 504 or no answer, and are in doubt."""
        self.process.pause()

    def resume(self) -> None:
        """Lets a frozen etcd go on."""
        self.process.resume()
