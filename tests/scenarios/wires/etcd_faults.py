"""What can happen to what an API server asks etcd for one request, and how a run ends in which it happened to one.

A read that etcd does not answer is asked again by the API server, or the executor is told so and waits. What becomes
of a write depends on whether etcd got it.
"""

from __future__ import annotations

from collections.abc import Callable
from http.client import HTTPException
from typing import Final

from tests.scenarios.apiserver_proxy import Answer, Request
from tests.scenarios.wires.api_ends import CHECKPOINTS, WAITS, End
from tests.scenarios.wires.api_wire import Spot
from tests.scenarios.wires.etcd_frames import INTERNAL_ERROR, REFUSED_STREAM
from tests.scenarios.wires.etcd_holds import Cut, Hold, Picks, StreamCut
from tests.scenarios.wires.etcd_wire import EtcdWire

Fault = Callable[[Request, EtcdWire, Picks], Answer | None]


def _held_there(request: Request, wire: EtcdWire, asks: Picks) -> Answer | None:
    """What the API server asks comes to etcd once the API server has given up."""
    hold = Hold(asks, whole_link=True)
    wire.on_the_way_there(hold)
    return _released(request, hold)


def _held_back(request: Request, wire: EtcdWire, asks: Picks) -> Answer | None:
    """What etcd answers comes to the API server once that has given up."""
    hold = Hold(asks, whole_link=True)
    wire.on_the_way_back(hold)
    return _released(request, hold)


def delivered(request: Request) -> Answer | None:
    """The API server's answer; at its own deadline it may as well end the connection."""
    try:
        return request.deliver()
    except (HTTPException, ConnectionError):
        return None


def _released(request: Request, hold: Hold) -> Answer | None:
    answer = delivered(request)
    assert hold.caught.is_set()
    hold.release()
    return answer


def _frozen_connection(request: Request, wire: EtcdWire, asks: Picks) -> Answer | None:
    """Nothing goes either way on the connection, until it ends in a reset."""
    there = Hold(asks, whole_link=True)
    wire.on_the_way_there(there)
    wire.on_the_way_back(Hold(lambda link, frame: link is there.link))
    answer = delivered(request)
    assert there.link is not None
    there.link.reset()
    return answer


def _cut(there: bool, make: Callable[[Picks], Cut | StreamCut]) -> Fault:
    def fault(request: Request, wire: EtcdWire, asks: Picks) -> Answer | None:
        cut = make(asks)
        (wire.on_the_way_there if there else wire.on_the_way_back)(cut)
        answer = request.deliver()
        assert cut.caught.is_set()
        return answer

    return fault


FAULTS: Final[dict[str, Fault]] = {
    "delivered after the deadline": _held_there,
    "answered after the deadline": _held_back,
    "on a frozen connection": _frozen_connection,
    "reset before delivery": _cut(True, Cut),
    "reset after delivery": _cut(False, Cut),
    "refused as a stream": _cut(True, lambda asks: StreamCut(asks, REFUSED_STREAM)),
    "ended as a stream before delivery": _cut(True, lambda asks: StreamCut(asks, INTERNAL_ERROR)),
    "ended as a stream after delivery": _cut(False, lambda asks: StreamCut(asks, INTERNAL_ERROR)),
}
FROZEN: Final = "sent to a frozen etcd"

# The API server's client of etcd asks again.
ASKED_AGAIN: Final = {"reset before delivery", "reset after delivery", "refused as a stream"}
# An error for the API server. A probe asks etcd whether its name is taken, and any error is a no.
ERRORS: Final = {"ended as a stream before delivery", "ended as a stream after delivery"}

_FIRST, _SECOND = End(("attempt_1",)), End(("attempt_2",))
_REFUSED = End(codes=("retry_eligibility.refused",), in_doubt=True)
WRITE: Final = {
    "delivered after the deadline": _FIRST,
    "answered after the deadline": _FIRST,
    "on a frozen connection": _SECOND,
    "reset before delivery": _REFUSED,
    "reset after delivery": _FIRST,
    "refused as a stream": _FIRST,
    "ended as a stream before delivery": _REFUSED,
    "ended as a stream after delivery": _FIRST,
    # Whether etcd carries out what it finds when it goes on is open.
    FROZEN: End(("attempt_1", "attempt_2")),
}


def end_of(spot: Spot, fault: str) -> End:
    """How a run ends in which what one request asked etcd met one fault."""
    if spot.kind == "write":
        return WRITE[fault]
    checkpoint = CHECKPOINTS[spot.moment]
    unnoticed = fault in ASKED_AGAIN or (fault in ERRORS and spot.kind == "probe")
    code = None if unnoticed else WAITS[checkpoint, spot.kind]
    return End(("attempt_1",), waits=((checkpoint, code),) if code else ())
