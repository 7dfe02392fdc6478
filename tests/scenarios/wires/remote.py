"""An API server that reaches the etcd of the others through a wire."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from tests.scenarios.wires.etcd_wire import EtcdWire

from runbook_gate.localcluster import ApiServer, ApiServerOptions, LocalCluster
from runbook_gate.localcluster.etcd import Etcd


@dataclass(frozen=True)
class Remote:
    """The API server, and its wire to etcd."""

    wire: EtcdWire
    server: ApiServer

    @classmethod
    @contextlib.contextmanager
    def start(cls, cluster: LocalCluster) -> Iterator[Remote]:
        """Serve until the end of the block."""
        options = ApiServerOptions(name=f"remote-{uuid.uuid4().hex[:8]}")
        with (
            EtcdWire.start(cluster.etcd.port) as wire,
            ApiServer.start(cluster.folder, Etcd(cluster.folder, wire.port), options) as server,
        ):
            yield cls(wire, server)
