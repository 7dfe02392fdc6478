"""A stand-in for the sidecar that tells the questions of a run apart, and does one thing to one of them."""

from __future__ import annotations

from dataclasses import dataclass

from tests.scenarios.stand_in_opa import Alteration, Ask, Reply, StandInOpa, as_it_is

from runbook_gate.gate.client import Address


@dataclass(frozen=True)
class Question:
    """A question of a run.

    Attributes:
        checkpoint: which it names; empty for the one for OPA's version.
        time: how often that was asked, from 1.
    """

    checkpoint: str
    time: int


class GateWire(StandInOpa):
    """The stand-in.

    Attributes:
        came: every question that came, in order.
        faults: what is done to the answers to some.
        failures: what went wrong in it.
    """

    def __init__(self, sidecar: Address) -> None:
        self.came: list[Question] = []
        self.faults: dict[Question, Alteration] = {}
        self.failures: list[Exception] = []
        super().__init__(sidecar)

    def alteration(self, checkpoint: str) -> Alteration:
        question = Question(checkpoint, 1 + sum(one.checkpoint == checkpoint for one in self.came))
        self.came.append(question)
        fault = self.faults.get(question, as_it_is)

        def guarded(ask: Ask) -> Reply | None:
            try:
                return fault(ask)
            except Exception as failed:
                self.failures.append(failed)
                raise

        return guarded
