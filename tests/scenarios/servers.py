"""API servers of a test's own beside the shared one, on the same etcd: to stop, to start again, to set up otherwise."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from tests.scenarios.theatre import Theatre

from runbook_gate.configuration import Audit, Cluster, Endpoint
from runbook_gate.localcluster import ApiServer, ApiServerOptions


class Address(Protocol):
    """Where an API server is reached, and what a client trusts."""

    @property
    def url(self) -> str: ...

    @property
    def ca_file(self) -> Path: ...


@contextlib.contextmanager
def another_server(theatre: Theatre, name: str = "another", **options: Any) -> Iterator[ApiServer]:
    """One more API server, with options of `ApiServerOptions`."""
    chosen = ApiServerOptions(name=f"{name}-{theatre.namespace}", **options)
    with theatre.cluster.second_server(chosen) as server:
        yield server


@contextlib.contextmanager
def server_of_its_own(theatre: Theatre, **options: Any) -> Iterator[ApiServer]:
    """The same, as the executor's only address, with its audit log; the test's own client keeps the shared one."""
    with another_server(theatre, "own", **options) as server:
        theatre.cluster = replace(theatre.cluster, server=server)
        changes = {
            "cluster": Cluster(kubeconfig=server.kubeconfig("executor")),
            "audit": Audit(logs=(server.audit_log,)),
        }
        theatre.settings = theatre.settings.model_copy(update=changes)
        yield server


def listed(theatre: Theatre, **servers: Address) -> dict[str, Any]:
    """Settings that list API servers by name, one kubeconfig trusting them all, and read their audit logs.

    A proxy has no audit log of its own.
    """
    trust = theatre.folder / "trust.crt"
    trust.write_bytes(b"".join(server.ca_file.read_bytes() for server in (theatre.cluster.server, *servers.values())))
    document = json.loads(theatre.cluster.server.kubeconfig("executor").read_text(encoding="utf-8"))
    document["clusters"][0]["cluster"]["certificate-authority"] = str(trust)
    kubeconfig = theatre.folder / "listed.kubeconfig"
    kubeconfig.write_text(json.dumps(document), encoding="utf-8")
    endpoints = tuple(Endpoint(name=name.replace("_", "-"), url=server.url) for name, server in servers.items())
    known = {server.audit_log for server in servers.values() if isinstance(server, ApiServer)}
    return {
        "cluster": Cluster(kubeconfig=kubeconfig, endpoints=endpoints),
        "audit": Audit(logs=tuple(sorted(known | {theatre.cluster.server.audit_log}))),
    }


def mended(theatre: Theatre, server: ApiServer, **options: Any) -> ApiServer:
    """A server with other options that takes another one's place: same port, certificate and audit log.

    The other one must be stopped first; the caller starts this one, and stops it.
    """
    folder = server.audit_log.parent
    return ApiServer(folder.parent, theatre.cluster.etcd, ApiServerOptions(name=folder.name, **options), server.port)
