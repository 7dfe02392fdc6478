"""Decision cases as inputs: what two policies say of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from runbook_gate.canonical import gate_bytes
from runbook_gate.policy import cases
from runbook_gate.replay.chunks import Others, between
from runbook_gate.replay.deciding import Outcome, decide
from runbook_gate.replay.outcomes import Replayed
from runbook_gate.replay.records import Fixture
from runbook_gate.replay.replaying import AT_ONCE
from runbook_gate.replay.sidecars import ReplaySidecar
from runbook_gate.shapes import mapping


def compared(folder: Path, others: Others) -> Iterator[Replayed]:
    """Compare what base and candidate say of every case.

    Args:
        folder: the folder `decisions`.
        others: base and candidate.

    Raises:
        InvalidDocument: naming the file, if one is no case.
    """
    known = cases.load(folder)
    if others.base is None or others.candidate is None:
        return
    for start in range(0, len(known), AT_ONCE):
        some = known[start : start + AT_ONCE]
        inputs = [gate_bytes(case.input) for case in some]
        pairs = zip(_decided(others.base, inputs), _decided(others.candidate, inputs), strict=True)
        for case, (base, other) in zip(some, pairs, strict=True):
            decision, comparison = between(base, other)
            fixture = Fixture(case.path, runbook=_runbook(case))
            yield Replayed(fixture, "not_recorded", decision=decision, comparison=comparison)


def _decided(sidecar: ReplaySidecar, inputs: Sequence[bytes]) -> list[Outcome]:
    with sidecar.wire() as wire:
        return decide(wire, inputs)


def _runbook(case: cases.Case) -> str:
    task = mapping(mapping(mapping(case.input.get("opened")).get("body")).get("task"))
    return str(task.get("runbook", ""))
