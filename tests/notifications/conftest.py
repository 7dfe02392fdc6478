"""A store, in a file and on a server, with a clock that goes when it is told to, and a receiver."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.fakes.clock import ManualClock
from tests.ledger.conftest import attacker, file_store, opened, path, place, store  # noqa: F401 - fixtures
from tests.notifications.receiver import Hang, Receiver

from runbook_gate.configuration import Settings
from runbook_gate.ledger import Server, Store
from runbook_gate.notifications import notify_due

Sweep = Callable[..., list[str]]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def other(store: Store, place: Path | Server, clock: ManualClock) -> Iterator[Store]:  # noqa: F811 - fixtures
    """The same store, as another process has it open."""
    with opened(place, clock) as made:
        yield made


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
def sweep(store: Store, receiver: Receiver, clock: ManualClock) -> Sweep:  # noqa: F811 - fixtures
    """What a command does at its end: each attempt as its problem, or `delivered`."""

    def sweep(of: Store = store, first: str | None = None) -> list[str]:
        settings = Settings(notifications=receiver.settings())
        return [sent.problem or "delivered" for sent in notify_due(of, settings, clock, first=first)]

    return sweep
