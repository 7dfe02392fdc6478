"""What can happen to one question on its way to the sidecar and back, and the code that is recorded."""

from __future__ import annotations

from dataclasses import replace

from tests.scenarios.stand_in_opa import Alteration, Ask, Reply


def _delay(ask: Ask) -> None:
    ask()
    ask.abandoned()


def _late(ask: Ask) -> None:
    """The sender gave up before OPA was asked."""
    ask.abandoned()
    ask()


def _lost_before(ask: Ask) -> None:
    """The connection ends; OPA never sees the question."""


def _lost_after(ask: Ask) -> None:
    ask()


def _truncated(ask: Ask) -> Reply:
    reply = ask()
    return replace(reply, cut=len(reply.body) // 2)


def _instead(status: int, **headers: str) -> Alteration:
    told = {"Content-Type": "application/json", **headers}
    return lambda ask: Reply(status, told, b'{"code": "internal_error", "message": "planted"}')


FAULTS: dict[str, tuple[Alteration, str]] = {
    "answered after the deadline": (_delay, "timeout"),
    "delivered after the deadline": (_late, "timeout"),
    "lost before delivery": (_lost_before, "unreachable"),
    "lost after delivery": (_lost_after, "unreachable"),
    "half an answer": (_truncated, "incomplete"),
    "429 with Retry-After": (_instead(429, **{"Retry-After": "1"}), "status"),
    "500": (_instead(500), "status"),
    "503 with Retry-After": (_instead(503, **{"Retry-After": "1"}), "status"),
}
