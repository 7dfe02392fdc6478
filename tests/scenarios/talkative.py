"""An API server that tells more than it should, in each place where an answer can."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.scenarios.apiserver_proxy import Answer, ApiServerProxy
from tests.scenarios.planting import Plants

from runbook_gate.localcluster import ApiServer


class Wire(ApiServerProxy):
    """Remembers what went over it, and answers a request in the API server's place if a test says so."""

    def __init__(self, folder: Path, server: ApiServer) -> None:
        super().__init__(folder, server)
        self.seen = b""
        self.instead: Callable[[str, str], Answer | None] = lambda method, target: None

    @classmethod
    @contextlib.contextmanager
    def start_recording(cls, folder: Path, server: ApiServer) -> Iterator[Wire]:
        """Serve until the end of the block, and raise what went wrong in a play."""
        with cls.start(folder, server) as wire:
            assert isinstance(wire, Wire)
            yield wire

    def pass_on(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Answer:
        answer = self.instead(method, target) or super().pass_on(method, target, headers, body)
        told = [*headers.items(), *answer.headers]
        self.seen += b"\n".join([*(f"{name}: {value}".encode() for name, value in told), answer.body])
        return answer


def refusal(plant: Plants, status: int, *, plain: bool = False) -> Answer:
    """An answer that tells more than it should, in each place where an error can."""
    cause = {"reason": plant("cause reason"), "field": plant("cause field"), "message": plant("cause message")}
    details = {"name": plant("error name"), "uid": plant("error uid"), "kind": "namespaces", "causes": [cause]}
    document = {"kind": "Status", "code": status, "message": plant("error message"), "reason": plant("error reason")}
    headers = [("Warning", f'299 - "{plant("warning of an error")}"'), ("X-Token", plant("header of an error"))]
    body = plant("plain error") if plain else json.dumps({**document, "details": details})
    return Answer(status, [*headers, ("Content-Type", "text/plain" if plain else "application/json")], body.encode())
