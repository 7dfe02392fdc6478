"""Several API servers: each listed one passes its rounds, on connections of its own, however old its cache is."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.scenarios.servers import listed
from tests.scenarios.theatre import Theatre, assert_completed, assert_escalated
from tests.scenarios.wires.api_wire import ApiWire
from tests.scenarios.wires.company import assert_kept, waits
from tests.scenarios.wires.conftest import Figures
from tests.scenarios.wires.etcd_holds import Hold
from tests.scenarios.wires.remote import Remote

from runbook_gate.localcluster import LocalCluster
from runbook_gate.models.entry import Entry

LAGGING = "verification_reconciliation.lagging"


@pytest.fixture(scope="module")
def remote(cluster: LocalCluster) -> Iterator[Remote]:
    """A second API server on the same etcd."""
    with Remote.start(cluster) as started:
        yield started


@pytest.fixture
def frozen(theatre: Theatre, remote: Remote) -> Iterator[Hold]:
    """What etcd tells the second API server's caches is held back; consistent reads and writes pass."""
    theatre.submit()
    hold = remote.wire.hold_watches()
    try:
        yield hold
    finally:
        hold.release()


def both(theatre: Theatre, remote: Remote) -> dict[str, Any]:
    return listed(theatre, api_1=theatre.cluster.server, api_2=remote.server)


def lags(theatre: Theatre) -> set[tuple[str, str]]:
    """Each wait for a cache, and the servers that are named."""
    return {
        (code, str(value))
        for entry in theatre.history().decisions()
        for code in entry.body["codes"]
        if code == LAGGING
        for value in _endpoints(theatre, entry)
    }


def _endpoints(theatre: Theatre, entry: Entry) -> Iterator[str]:
    verified = [one for one in theatre.history().observations("verify", step="restore") if one.seq < entry.seq][-1]
    for server in verified.body["servers"]:
        admitted = [probe for probe in server["probes"] if probe["name"] == "P1" and probe["http"]["status"] == 201]
        yield from [server["endpoint"]] * len(admitted)


def after_waits(number: int, act: Callable[[], object], theatre: Theatre) -> None:
    """Act once cp3 has waited so often."""

    def waited(entry: Entry) -> None:
        if theatre.director.seen.count("decided:cp3:wait") == number:
            act()
        else:
            theatre.director.cues["decided:cp3:wait"] = waited

    theatre.director.cues["decided:cp3:wait"] = waited


def test_a_listed_server_whose_cache_is_frozen_until_it_thaws(
    theatre: Theatre, remote: Remote, frozen: Hold, figures: Figures
) -> None:
    """It reads the labels and does not act on them: the run waits, and completes when it does."""
    after_waits(2, frozen.release, theatre)
    assert_completed(theatre, theatre.run(**both(theatre, remote)), writes=1)
    assert lags(theatre) == {(LAGGING, "api-2")}
    assert theatre.asked()[-5:] == ["cp3 wait", "cp3 wait", "cp3 wait", "cp3 proceed", "cp4 complete"]
    record = theatre.history().newest.body["record"]
    assert (record["servers"], record["endpoints"]) == ("listed", ["api-1", "api-2"])
    assert_kept(theatre, remote.server.audit_log)
    figures("listed API server, its cache frozen for a while", runs=1)


def test_a_listed_server_whose_cache_is_frozen_to_the_end_of_the_window(
    theatre: Theatre,
    remote: Remote,
    frozen: Hold,
    short_window: dict[str, Any],
    figures: Figures,
) -> None:
    finished = theatre.run(**short_window, **both(theatre, remote))
    packet = assert_escalated(theatre, finished, "verification_reconciliation.window_passed", origin="cp3", writes=1)
    assert frozen.caught.is_set()
    assert lags(theatre) == {(LAGGING, "api-2")}
    assert packet["write_in_doubt"] is False
    assert_kept(theatre, remote.server.audit_log)
    figures("listed API server, its cache frozen to the end of the window", runs=1)


def test_a_listed_server_that_does_not_reach_etcd_for_a_while(
    theatre: Theatre, remote: Remote, figures: Figures
) -> None:
    """It answers nothing that wants etcd: no answer is neither for nor against."""
    theatre.submit()
    with contextlib.ExitStack() as stack:

        def cut_off(entry: Entry) -> None:
            hold = remote.wire.hold_everything()
            stack.callback(hold.release)
            after_waits(1, hold.release, theatre)

        theatre.director.cues["decided:cp2:proceed"] = cut_off
        finished = theatre.run(**both(theatre, remote))
    assert_completed(theatre, finished, writes=1)
    assert waits(theatre) == [("cp3", "namespace_identity.unanswered")]
    assert_kept(theatre, remote.server.audit_log)
    figures("listed API server, cut off from etcd for a while", runs=1)


def test_each_listed_server_is_asked_on_a_new_connection_in_each_round(theatre: Theatre, figures: Figures) -> None:
    theatre.submit()
    with contextlib.ExitStack() as stack:
        wires = {}
        for name in ("api_1", "api_2", "api_3"):
            wire = stack.enter_context(ApiWire.start(theatre.folder / name, theatre.cluster.server))
            assert isinstance(wire, ApiWire)
            wire.director, wires[name] = theatre.director, wire
        assert_completed(theatre, theatre.run(**listed(theatre, **wires)), writes=1)
    for wire in wires.values():
        rounds = [call.spot.moment for call in wire.calls]
        assert rounds == ["decided:cp2:proceed"] * 6 + ["decided:cp3:wait"] * 6
        assert [call.connection for call in wire.calls] == [1] * 6 + [2] * 6
        assert wire.connections == 2
    record = theatre.history().newest.body["record"]
    assert (record["servers"], record["endpoints"]) == ("listed", ["api-1", "api-2", "api-3"])
    figures(
        "listed API servers, a new connection in each round",
        runs=1,
        connections=sum(wire.connections for wire in wires.values()),
    )


def test_one_address_for_several_servers_is_said_to_be_sampled(theatre: Theatre, figures: Figures) -> None:
    """Each round is on a new connection all the same, and so is every effect."""
    theatre.submit()
    with ApiWire.start(theatre.folder / "wire", theatre.cluster.server) as wire:
        assert isinstance(wire, ApiWire)
        wire.director = theatre.director
        cluster = theatre.settings.cluster.model_copy(update={"kubeconfig": wire.kubeconfig()})
        assert_completed(theatre, theatre.run(cluster=cluster), writes=1)
    record = theatre.history().newest.body["record"]
    assert (record["servers"], record["endpoints"]) == ("sampled", ["default"])
    assert wire.connections == len(wire.turns()) == 6
    figures("one address for several API servers", runs=1, connections=wire.connections)
