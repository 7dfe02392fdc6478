"""Each fault at each call of a run to the API server: the run ends as the table says, and nothing is sent twice.

The calls are those of a run that nothing disturbs, and those of one whose first write was lost; a new call is met
by every fault without anybody naming it, and needs a line in the table.
"""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from tests.scenarios.theatre import Theatre
from tests.scenarios.wires.api_ends import End, end_of
from tests.scenarios.wires.api_faults import FAULTS
from tests.scenarios.wires.api_wire import ApiWire, Spot
from tests.scenarios.wires.company import assert_kept, sent, side_by_side, statuses, waits, writer
from tests.scenarios.wires.conftest import Figures, Stage

from runbook_gate.configuration import Cluster
from runbook_gate.ledger import Finished

LOST = FAULTS["reset before delivery"]
WRITE = Spot("intended", 1, 1, "write")


def play(theatre: Theatre, prepare: Callable[[ApiWire], None], *, struck: bool = True) -> tuple[Finished, ApiWire]:
    """A run through a wire of its own, in which everything happens that was prepared."""
    with ApiWire.start(theatre.folder / "wire", theatre.cluster.server) as wire:
        assert isinstance(wire, ApiWire)
        wire.director = theatre.director
        prepare(wire)
        finished = theatre.run(cluster=Cluster(kubeconfig=wire.kubeconfig()))
        assert not struck or wire.struck.wait(60), "the request never came"
    return finished, wire


@pytest.fixture(scope="session")
def straight(stage: Stage) -> list[Spot]:
    """The calls of a run that nothing disturbs."""
    theatre = stage()
    finished, wire = play(theatre, lambda wire: None, struck=False)
    assert finished.outcome == "complete"
    assert wire.turns() == sent(theatre)
    assert wire.connections == len(wire.turns())
    return [call.spot for call in wire.calls]


@pytest.fixture(scope="session")
def retried(stage: Stage, straight: list[Spot]) -> list[Spot]:
    """The calls that a run makes besides, when its first write was lost."""
    finished, wire = play(stage(), lambda wire: wire.strike(WRITE, LOST))
    assert finished.outcome == "complete"
    spots = [call.spot for call in wire.calls]
    # How often the namespace is looked at until the write is settled, is a matter of time.
    return [spot for spot in spots if spot not in straight and (spot.moment, spot.time) != ("decided:cp2:wait", 2)]


def judge(theatre: Theatre, finished: Finished, wire: ApiWire, end: End) -> None:
    """The run ended as it should, and what the wire saw is what the effects say they sent."""
    assert wire.turns() == sent(theatre)
    lives = {(call.connection, call.turn) for call in wire.calls}
    # Every connection carried a request, and none served two effects.
    assert wire.connections == len({connection for connection, _ in lives}) == len(lives)
    history = theatre.history()
    intents = [entry for entry in history.entries if entry.kind == "intent"]
    assert sum(call.spot.kind == "write" for call in wire.calls) == len(intents)
    assert waits(theatre) == list(end.waits)
    newest = history.newest.body
    if end.writers:
        assert finished.outcome == "complete", newest
        assert writer(theatre) in end.writers
        assert statuses(theatre).count(200) == 1
    else:
        assert (finished.outcome, newest["codes"]) == ("escalated", list(end.codes))
        with theatre.store() as store:
            packet = json.loads(store.escalations.packet(str(finished.packet)))
        assert packet["write_in_doubt"] is end.in_doubt
    assert_kept(theatre)


def meet(stage: Stage, fault: str, *, lost_first: bool, spot: Spot) -> ApiWire:
    """One run in which one request meets one fault."""
    theatre = stage()

    def prepare(wire: ApiWire) -> None:
        if lost_first:
            wire.strike(WRITE, LOST)
        wire.strike(spot, FAULTS[fault])

    finished, wire = play(theatre, prepare)
    try:
        judge(theatre, finished, wire, end_of(spot, fault, "attempt_2" if lost_first else "attempt_1"))
    except (AssertionError, KeyError) as wrong:
        wrong.add_note(f"{fault} at {spot}, asked: {theatre.asked()}")
        raise
    return wire


def tell(figures: Figures, fault: str, wires: list[ApiWire], row: str) -> None:
    figures(
        f"{row}, {fault}",
        runs=len(wires),
        requests=sum(len(wire.calls) for wire in wires),
        connections=sum(wire.connections for wire in wires),
    )


@pytest.mark.timeout(600)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_call_that_is(stage: Stage, straight: list[Spot], whole: bool, figures: Figures, fault: str) -> None:
    """Without --whole each call meets one fault, and each fault two or three calls."""
    share = straight if whole else straight[list(FAULTS).index(fault) :: len(FAULTS)]
    wires = side_by_side(lambda spot: meet(stage, fault, lost_first=False, spot=spot), share)
    tell(figures, fault, wires, "executor to API server")


@pytest.mark.whole
@pytest.mark.timeout(600)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_call_of_a_run_with_two_attempts_that_is(
    stage: Stage, retried: list[Spot], figures: Figures, fault: str
) -> None:
    wires = side_by_side(lambda spot: meet(stage, fault, lost_first=True, spot=spot), retried)
    tell(figures, fault, wires, "executor to API server, second attempt")
