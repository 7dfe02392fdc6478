"""A store with a clock that goes when it is told to, and a receiver."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.fakes.clock import ManualClock
from tests.ledger.samples import EXECUTOR
from tests.notifications.receiver import Hang, Receiver

from runbook_gate.configuration import Settings
from runbook_gate.ledger import Store
from runbook_gate.notifications import notify_due

Sweep = Callable[..., list[str]]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


@pytest.fixture
def store(path: Path, clock: ManualClock) -> Iterator[Store]:
    with Store.open(path, clock=clock, executor=EXECUTOR, allow_unfit=True) as opened:
        yield opened


@pytest.fixture
def other(store: Store, path: Path, clock: ManualClock) -> Iterator[Store]:
    """The same store, as another process has it open."""
    with Store.open(path, clock=clock, executor=EXECUTOR, allow_unfit=True) as opened:
        yield opened


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Receiver]:
    with Receiver.start(tmp_path / "receiver") as started:
        yield started


@pytest.fixture
def hang() -> Iterator[Hang]:
    made = Hang()
    yield made
    made.end()


@pytest.fixture
def sweep(store: Store, receiver: Receiver, clock: ManualClock) -> Sweep:
    """What a command does at its end: each attempt as its problem, or `delivered`."""

    def sweep(of: Store = store, first: str | None = None) -> list[str]:
        settings = Settings(notifications=receiver.settings())
        return [sent.problem or "delivered" for sent in notify_due(of, settings, clock, first=first)]

    return sweep
