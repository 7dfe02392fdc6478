"""Each fault at whatever an API server asks etcd for a call of a run: the run ends as the table says.

Which calls ask etcd is what the wire sees in a run that nothing disturbs. The others are answered from what the API
server holds: nothing can happen to them here, and the printed table names them.
"""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

import pytest
from tests.scenarios.apiserver_proxy import Answer, Request
from tests.scenarios.theatre import Theatre
from tests.scenarios.wires.api_wire import ApiWire, Spot
from tests.scenarios.wires.asking import Asking
from tests.scenarios.wires.company import assert_kept, side_by_side, statuses, waits, writer
from tests.scenarios.wires.conftest import Figures, Stage
from tests.scenarios.wires.etcd_faults import FAULTS, FROZEN, delivered, end_of
from tests.scenarios.wires.remote import Remote

from runbook_gate.configuration import Audit, Cluster, Settings
from runbook_gate.ledger import Finished
from runbook_gate.localcluster import LocalCluster
from runbook_gate.localcluster.seeding import Seeder

SIDE_BY_SIDE = 3
SHARDS = 2


@dataclass(frozen=True)
class Straight:
    """The calls of a run that nothing disturbs: those that ask etcd, and those that do not."""

    asking: list[Spot]
    others: list[Spot]


@pytest.fixture(scope="module")
def remotes(cluster: LocalCluster, whole: bool) -> Iterator[SimpleQueue[Remote]]:
    """API servers with a wire of their own, each for one run at a time."""
    free = SimpleQueue[Remote]()
    with contextlib.ExitStack() as stack:
        for _ in range(SIDE_BY_SIDE if whole else 1):
            free.put(stack.enter_context(Remote.start(cluster)))
        yield free


@contextlib.contextmanager
def one_of(remotes: SimpleQueue[Remote]) -> Iterator[Remote]:
    remote = remotes.get()
    try:
        yield remote
    finally:
        remotes.put(remote)


@pytest.fixture(scope="module")
def straight(stage: Stage, remotes: SimpleQueue[Remote]) -> Straight:
    theatre = stage()
    with one_of(remotes) as remote, Asking.between(theatre, remote) as wire:
        assert theatre.run().outcome == "complete"
    asking = [spot for spot, number in wire.asked.items() if number]
    return Straight(asking, [spot for spot in wire.asked if spot not in asking])


def judge(theatre: Theatre, finished: Finished, spot: Spot, fault: str, log: Path) -> None:
    """The run ended as it should."""
    end, newest = end_of(spot, fault), theatre.history().newest.body
    assert waits(theatre) == list(end.waits)
    answered, unseen = statuses(theatre, log), None
    intents = [entry for entry in theatre.history().entries if entry.kind == "intent"]
    assert len(answered) == len(intents)
    if end.writers:
        assert finished.outcome == "complete", newest
        assert writer(theatre) in end.writers
        unseen = 1 if writer(theatre) == "attempt_1" and answered[0] != 200 else None
        assert answered.count(200) == (0 if unseen else 1)
    else:
        assert (finished.outcome, newest["codes"]) == ("escalated", list(end.codes))
        with theatre.store() as store:
            packet = json.loads(store.escalations.packet(str(finished.packet)))
        assert packet["write_in_doubt"] is end.in_doubt
    assert_kept(theatre, log, unseen=unseen)


def meet(stage: Stage, remotes: SimpleQueue[Remote], fault: str, spot: Spot) -> ApiWire:
    """One run in which what one call asked etcd met one fault."""
    theatre = stage()
    with one_of(remotes) as remote:
        with Asking.between(theatre, remote) as wire:
            wire.strike(spot, lambda request, _: FAULTS[fault](request, remote.wire, wire.asks))
            finished = theatre.run()
            assert wire.struck.is_set(), "the request never came"
        with noted(theatre, spot, fault, remote.server.audit_log):
            judge(theatre, finished, spot, fault, remote.server.audit_log)
    return wire


@contextlib.contextmanager
def noted(theatre: Theatre, spot: Spot, fault: str, log: Path) -> Iterator[None]:
    """Say of which run something is wrong, and how it went."""
    try:
        yield
    except (AssertionError, KeyError) as wrong:
        told = statuses(theatre, log)
        wrong.add_note(f"{fault} at {spot}, asked: {theatre.asked()}, waits: {waits(theatre)}, writes: {told}")
        raise


def tell(figures: Figures, fault: str, wires: list[ApiWire], straight: Straight) -> None:
    kinds = Counter(spot.kind for spot in straight.others)
    left_out = {f"x {kind} left out, asks etcd nothing": number for kind, number in sorted(kinds.items())}
    requests = sum(len(wire.calls) for wire in wires)
    figures(f"API server to etcd, {fault}", runs=len(wires), requests=requests, **left_out)


QUICK = "reset after delivery"


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "fault", [pytest.param(name, marks=[] if name == QUICK else pytest.mark.whole) for name in FAULTS]
)
def test_what_a_call_asks_is(
    stage: Stage, straight: Straight, remotes: SimpleQueue[Remote], whole: bool, figures: Figures, fault: str
) -> None:
    """Without --whole one fault meets the write and the read after it."""
    write = [spot.kind for spot in straight.asking].index("write")
    share = straight.asking if whole else straight.asking[write : write + 2]
    wires = side_by_side(lambda spot: meet(stage, remotes, fault, spot), share)
    tell(figures, fault, wires, straight)


@pytest.mark.whole
@pytest.mark.timeout(900)
@pytest.mark.parametrize("shard", range(SHARDS))
def test_what_a_call_asks_is_sent_to_an_etcd_that_is_frozen(
    stage: Stage, straight: Straight, own_cluster: LocalCluster, tmp_path: Path, figures: Figures, shard: int
) -> None:
    """... until the API server has given up. One run after the other: all of the cluster stands still."""
    wires = list[ApiWire]()
    with Seeder(own_cluster.server.kubeconfig()) as seeder:
        for number, spot in enumerate(straight.asking[shard::SHARDS]):
            theatre = theatre_of(own_cluster, seeder, tmp_path / str(number), stage().settings)
            wires.append(freeze(theatre, spot))
    tell(figures, FROZEN, wires, straight if shard == 0 else Straight(straight.asking, []))


def theatre_of(own: LocalCluster, seeder: Seeder, folder: Path, settings: Settings) -> Theatre:
    """A theatre on a cluster of its own."""
    folder.mkdir()
    namespace = f"payments-{folder.name}"
    seeder.namespace(namespace)
    seeder.grant_executor(namespace)
    changes = {"audit": Audit(logs=(own.server.audit_log,))}
    theatre = Theatre(folder, own, seeder, namespace, settings.model_copy(update=changes))
    theatre.submit()
    return theatre


def freeze(theatre: Theatre, spot: Spot) -> ApiWire:
    """One run in which etcd stands still during one call."""
    etcd = theatre.cluster.etcd

    def frozen(request: Request, _: ApiWire) -> Answer | None:
        etcd.pause()
        try:
            return delivered(request)
        finally:
            etcd.resume()

    with ApiWire.start(theatre.folder / "wire", theatre.cluster.server) as wire:
        assert isinstance(wire, ApiWire)
        wire.director = theatre.director
        wire.strike(spot, frozen)
        finished = theatre.run(cluster=Cluster(kubeconfig=wire.kubeconfig()))
        assert (wire.struck.is_set(), wire.faults) == (True, [])
    with noted(theatre, spot, FROZEN, theatre.cluster.server.audit_log):
        judge(theatre, finished, spot, FROZEN, theatre.cluster.server.audit_log)
    return wire
