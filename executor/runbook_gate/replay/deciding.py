"""Decides many inputs by one sidecar: in batches, which are halved until what spoils one stands alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from runbook_gate.replay.wires import Unanswered, Wire

DISAGREES: Final = "batch_disagrees"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a policy says of one input.

    Attributes:
        result: the exact bytes of the decision; None without one.
        error: why there is none; None too if the decision is undefined.
    """

    result: bytes | None
    error: str | None = None


def decide(wire: Wire, inputs: Sequence[bytes]) -> list[Outcome]:
    """Decide inputs, in order."""
    if not inputs:
        return []
    try:
        return [Outcome(result) for result in wire.batch(list(inputs))]
    except Unanswered as fault:
        if len(inputs) == 1:
            return [Outcome(None, fault.code)]
    half = len(inputs) // 2
    return decide(wire, inputs[:half]) + decide(wire, inputs[half:])


def check(wire: Wire, document: bytes, outcome: Outcome) -> Outcome:
    """Ask for one decision as the executor does, and see that the batch said the same.

    Returns:
        The outcome; an error if production would have got another one.
    """
    try:
        single = Outcome(wire.single(document))
    except Unanswered as fault:
        single = Outcome(None, fault.code)
    return outcome if single == outcome else Outcome(None, DISAGREES)
