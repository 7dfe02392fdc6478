"""The ways of a run on the real API server: what in memory happens to its writes, here a proxy does to them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import Final

from tests.crash.ways import ANOTHER, waiver
from tests.scenarios.apiserver_proxy import ApiServerProxy, Play, instead, lost_before_delivery, meanwhile
from tests.scenarios.theatre import Theatre

from runbook_gate.configuration import Cluster

Staging = Callable[[Theatre, ExitStack], None]


def _as_it_is(theatre: Theatre, stack: ExitStack) -> None:
    """Nothing happens on the wire."""


def _first_write(play: Callable[[Theatre], Play]) -> Staging:
    """Something happens to the first write, whichever process sends it."""

    def staged(theatre: Theatre, stack: ExitStack) -> None:
        proxy = stack.enter_context(ApiServerProxy.start(theatre.folder / "proxy", theatre.cluster.server))
        proxy.plays.append(play(theatre))
        stack.callback(_assert_played, proxy)
        cluster = Cluster(kubeconfig=proxy.kubeconfig())
        theatre.settings = theatre.settings.model_copy(update={"cluster": cluster})

    return staged


def _assert_played(proxy: ApiServerProxy) -> None:
    assert proxy.faults == []


def _waived(theatre: Theatre, stack: ExitStack) -> None:
    records = {"total": 1, "records": [waiver(theatre.namespace)]}
    theatre.register("platform_exceptions", lambda document: document.update(records))


STAGINGS: Final[dict[str, Staging]] = {
    "happy path": _as_it_is,
    "first write lost": _first_write(lambda theatre: lost_before_delivery),
    "504 but applied": _first_write(lambda theatre: instead(504, "Timeout", delivered=True)),
    "foreign writer": _first_write(lambda theatre: meanwhile(lambda: theatre.live(dict(ANOTHER)))),
    "open waiver": _waived,
}
