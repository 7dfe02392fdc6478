"""A proxy that knows where in a run each request stands, and does one thing to one of them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.scenarios.apiserver_proxy import Answer, ApiServerProxy, Request
from tests.scenarios.theatre import Director

from runbook_gate.localcluster import ApiServer


@dataclass(frozen=True)
class Spot:
    """Where in a run a request stands.

    Attributes:
        moment: what the executor told last before it, as a director names it.
        time: how often it had told that, from 1.
        place: its place among the requests since then, from 1.
        kind: what it asks for.
    """

    moment: str
    time: int
    place: int
    kind: str


@dataclass(frozen=True)
class Call:
    """A request that came through.

    Attributes:
        spot: where in the run it stands.
        turn: how many things the executor had told before it; one effect makes all the requests of a turn.
        connection: number of its connection.
    """

    spot: Spot
    turn: int
    connection: int


class ApiWire(ApiServerProxy):
    """The proxy.

    Attributes:
        calls: every request that came, in order.
        struck: whether the one request came that something was to be done to, and it is done.
    """

    def __init__(self, folder: Path, server: ApiServer) -> None:
        self.calls: list[Call] = []
        self.struck = threading.Event()
        self.director = Director()
        self._faults: dict[Spot, Callable[[Request, ApiWire], Answer | None]] = {}
        self._answered = threading.Condition()
        self._answers = 0
        super().__init__(folder, server)

    def strike(self, spot: Spot, fault: Callable[[Request, ApiWire], Answer | None]) -> None:
        """Do something to the first request at a spot."""
        self._faults[spot] = fault

    def answer(self, request: Request) -> Answer | None:
        call = Call(self._spot(request), len(self.director.seen), request.connection)
        self.calls.append(call)
        fault = self._faults.pop(call.spot, None)
        try:
            return fault(request, self) if fault else request.deliver()
        except Exception as failed:
            self.faults.append(failed)
            return None
        finally:
            with self._answered:
                self._answers += 1
                self._answered.notify_all()
            if fault and not self._faults:
                self.struck.set()

    def another_answer(self) -> None:
        """Wait until one more request was answered."""
        with self._answered:
            before = self._answers
            if not self._answered.wait_for(lambda: self._answers > before, timeout=60):
                raise TimeoutError("no other request came")

    def turns(self) -> list[int]:
        """How many requests each effect made, in order."""
        made = [call.turn for call in self.calls]
        return [made.count(turn) for turn in sorted(set(made))]

    def _spot(self, request: Request) -> Spot:
        seen = self.director.seen
        moment = seen[-1] if seen else "opened"
        place = 1 + sum(call.turn == len(seen) for call in self.calls)
        return Spot(moment, seen.count(moment), place, _kind(request))


def _kind(request: Request) -> str:
    path = request.target.partition("?")[0]
    parts = path.removeprefix("/api/v1/").split("/")
    match request.method, parts:
        case "GET", ["namespaces", "kube-system"]:
            return "read of kube-system"
        case "GET", ["namespaces", _]:
            return "read of the namespace"
        case "PATCH", ["namespaces", _]:
            return "write" if request.writes else "dry run of the write"
        case "POST", ["namespaces", _, "pods" | "podtemplates"]:
            return "probe"
        case "POST", _ if path.endswith("/selfsubjectreviews"):
            return "question who we are"
        case _:
            return f"{request.method} {path}"
