"""The usual case: one etcd and one API server."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runbook_gate.localcluster.apiserver import ApiServer, ApiServerOptions
from runbook_gate.localcluster.etcd import Etcd

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path


@dataclass(frozen=True)
class LocalCluster:
    """One etcd and one API server in a folder that the caller keeps or removes.

    Attributes:
        folder: Holds data, logs, keys, tokens and kubeconfigs; readable by its owner only.
        etcd: The storage.
        server: The API server.
    """

    folder: Path
    etcd: Etcd
    server: ApiServer

    @classmethod
    @contextlib.contextmanager
    def start(cls, folder: Path, options: ApiServerOptions | None = None) -> Iterator[LocalCluster]:
        """Starts both, and stops the server, then etcd, at the end of the block."""
        with Etcd.start(folder) as etcd, ApiServer.start(folder, etcd, options) as server:
            yield cls(folder, etcd, server)

    @classmethod
    def attach(cls, folder: Path, *, etcd_port: int, server_port: int) -> LocalCluster:
        """A cluster that another process started with the default options: to use, not to control."""
        etcd = Etcd(folder, etcd_port)
        return cls(folder, etcd, ApiServer(folder, etcd, ApiServerOptions(), server_port))

    def second_server(self, options: ApiServerOptions) -> AbstractContextManager[ApiServer]:
        """One more API server on the same etcd; the options need a name of their own."""
        return ApiServer.start(self.folder, self.etcd, options)
