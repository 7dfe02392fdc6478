"""A wire to an API server that knows which calls made that ask etcd."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from tests.scenarios.apiserver_proxy import Answer, Request
from tests.scenarios.theatre import Theatre
from tests.scenarios.wires.api_wire import ApiWire, Spot
from tests.scenarios.wires.etcd_holds import Picks
from tests.scenarios.wires.remote import Remote

from runbook_gate.configuration import Audit, Cluster

KUBE_SYSTEM = b"/registry/namespaces/kube-system"


class Asking(ApiWire):
    """The wire of one run.

    Attributes:
        remote: the API server, and its wire to etcd.
        names: what a run asks about.
        asked: how much each call asked.
    """

    remote: Remote
    names: tuple[bytes, ...]
    asked: dict[Spot, int]

    @property
    def asks(self) -> Picks:
        """What the API server asks about the run."""
        return lambda link, frame: link.asks(frame, *self.names)

    def answer(self, request: Request) -> Answer | None:
        before = len(self.remote.wire.asked)
        try:
            return super().answer(request)
        finally:
            new = self.remote.wire.asked[before:]
            about = [kind for kind, first in new if any(name in first for name in self.names)]
            self.asked[self.calls[-1].spot] = sum(kind in {"range", "transaction"} for kind in about)

    @classmethod
    @contextlib.contextmanager
    def between(cls, theatre: Theatre, remote: Remote) -> Iterator[Asking]:
        """In the executor's way to the API server."""
        with cls.start(theatre.folder / "wire", remote.server) as wire:
            assert isinstance(wire, Asking)
            wire.remote, wire.names = remote, (theatre.namespace.encode(), KUBE_SYSTEM)
            wire.asked = {}
            wire.director = theatre.director
            logs = (theatre.cluster.server.audit_log, remote.server.audit_log)
            changes = {"cluster": Cluster(kubeconfig=wire.kubeconfig()), "audit": Audit(logs=logs)}
            theatre.settings = theatre.settings.model_copy(update=changes)
            yield wire
            assert wire.faults == []
            remote.wire.forget()
