"""What can happen to one request on its way to the API server and back."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

from tests.scenarios.apiserver_proxy import Answer, Request
from tests.scenarios.wires.api_wire import ApiWire

Fault = Callable[[Request, ApiWire], Answer | None]


def _delay(request: Request, wire: ApiWire) -> None:
    request.deliver()
    request.abandoned()


def _late(request: Request, wire: ApiWire) -> None:
    """The sender has given up, and looked at something else, before the request is delivered."""
    request.abandoned()
    wire.another_answer()
    request.deliver()


def _reset_before(request: Request, wire: ApiWire) -> None:
    request.reset()


def _reset_after(request: Request, wire: ApiWire) -> None:
    request.deliver()
    request.reset()


def _truncated(request: Request, wire: ApiWire) -> Answer:
    answer = request.deliver()
    return replace(answer, cut=len(answer.body) // 2)


def _instead(status: int, reason: str, *, retry_after: bool = False, delivered: bool = False) -> Fault:
    document = {"kind": "Status", "status": "Failure", "code": status, "reason": reason, "message": "planted"}
    headers = [("Content-Type", "application/json"), *([("Retry-After", "1")] if retry_after else [])]

    def fault(request: Request, wire: ApiWire) -> Answer:
        if delivered:
            request.deliver()
        return Answer(status, headers, json.dumps(document).encode())

    return fault


FAULTS: dict[str, Fault] = {
    "answered after the deadline": _delay,
    "delivered after the deadline": _late,
    "reset before delivery": _reset_before,
    "reset after delivery": _reset_after,
    "half an answer": _truncated,
    "429 with Retry-After": _instead(429, "TooManyRequests", retry_after=True),
    "500": _instead(500, "InternalError"),
    "503 with Retry-After": _instead(503, "ServiceUnavailable", retry_after=True),
    "504 before commit": _instead(504, "Timeout"),
    "504 after commit": _instead(504, "Timeout", delivered=True),
}
