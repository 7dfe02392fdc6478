"""A large store is checked in parts by several processes, which find what one finds."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.clock import ManualClock
from tests.ledger.conftest import opened
from tests.ledger.samples import EXECUTOR, start
from tests.ledger.tampering import tamper

from runbook_gate.errors import EnvironmentFault
from runbook_gate.ledger import Server, Store, parts
from runbook_gate.ledger.parts import Cores


@pytest.fixture
def spoiled(place: Path | Server, clock: ManualClock) -> Path | Server:
    """A store with 30 runs, of which two are spoiled, and evidence that is no longer under its digest."""
    with opened(place, clock) as made:
        runs = [start(made, number, target=f"cluster/{number}").run for number in range(30)]
        made.evidence.put(b"whatever")
    store = place.url if isinstance(place, Server) else place
    tamper(store, "UPDATE entries SET data = ? WHERE run = ?", b"\0", runs[7])
    tamper(store, "UPDATE runs SET runbook = 'another' WHERE id = ?", runs[21])
    tamper(store, "UPDATE evidence SET data = ? WHERE data = ?", b"\0", b"whatever")
    tamper(store, "INSERT INTO evidence VALUES ('no digest', ?)", b"\0")
    tamper(store, "INSERT INTO evidence VALUES ('', ?)", b"\0")
    return place


def test_several_processes_find_what_one_finds(spoiled: Path | Server, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[tuple[int, str]] = []

    def show(items: Iterable[Any], total: int, words: str) -> Iterable[Any]:
        shown.append((total, words))
        return items

    with Store.open(spoiled, clock=ManualClock(), executor=EXECUTOR, read_only=True) as ledger:
        alone = ledger.verify()
        monkeypatch.setattr(parts, "_WORTH_PROCESSES", 1)
        monkeypatch.setattr(parts, "_WORTH_PARTS", 1)
        monkeypatch.setattr(parts, "_RUNS_OF_A_PART", 7)
        assert ledger.verify(workers=2, shown=show) == alone
    assert shown == [(258, "reading evidence"), (5, "reading chains")]
    assert sorted(chain.result for chain in alone.chains if not chain.consistent) == [
        "chain broken: altered at 1",
        "chain broken: index_differs at 1",
    ]
    assert len(alone.evidence_altered) == 3
    assert len(alone.chains) == 31


def _dies(connection: object, part: int) -> None:
    os._exit(part)


def test_a_process_that_ends_is_told(spoiled: Path | Server) -> None:
    cores = Cores(spoiled, 1, lambda items, total, words: items)
    with pytest.raises(EnvironmentFault, match="ended"):
        list(cores.each(_dies, [1], "dying"))
    cores.close()
