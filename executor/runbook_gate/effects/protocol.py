"""What every effect has, and what its fence may look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, TypeVar

from pydantic import BaseModel

from runbook_gate.clock import Reading
from runbook_gate.effects.context import EffectContext
from runbook_gate.models.task import Task

P = TypeVar("P", bound=BaseModel)
B = TypeVar("B", bound=BaseModel)


@dataclass(frozen=True)
class FenceFacts:
    """What the ledger says, for the fence.

    Attributes:
        task: the task.
        label_keys: the runbook's labels.
        sources: the registers that the runbook reads.
        uid: metadata.uid in the newest gather's last read; None without one.
        resource_version: metadata.resourceVersion there.
        intents: sha256 of each intent of this step so far.
        rounds: bodies of this step's rounds since its newest write, in order.
        since_ms: the moment from which writes of the namespace matter, by the API server's clock where known.
        deadline_ms: when the run has to end.
        retry_budget: how many there may be.
        basis: reading of the newest entry that the decision was based on.
        now: the present moment.
    """

    task: Task
    label_keys: tuple[str, ...]
    sources: tuple[str, ...]
    uid: str | None
    resource_version: str | None
    intents: tuple[str, ...]
    rounds: tuple[Mapping[str, Any], ...]
    since_ms: int
    deadline_ms: int
    retry_budget: int
    basis: Reading
    now: Reading


class Effect(Protocol[P, B]):
    """One act on the world: a fence that is a pure function, and a run that brings one observation.

    Attributes:
        name: the action that it carries out.
        params: model of what it is asked for.
        body: model of what it brings.
        writes: whether it changes the world; only then is there an intent before it.
    """

    name: ClassVar[str]
    params: type[P]
    body: type[B]
    writes: ClassVar[bool] = False

    def violation(self, params: P, facts: FenceFacts) -> str | None:
        """The code of the first value that the gate may not ask for; None if there is none."""
        ...

    def run(self, params: P, context: EffectContext) -> B:
        """Act, once. No answer is an outcome in the observation, never an exception."""
        ...
