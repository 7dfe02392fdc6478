"""The outbox alone: what its rows allow, and how long somebody waits."""

from __future__ import annotations

import sqlite3

import psycopg
import pytest
from tests.fakes.clock import ManualClock
from tests.ledger.attack import Attacker
from tests.ledger.samples import whole_run

from runbook_gate.errors import UnknownRecord
from runbook_gate.ledger import Store
from runbook_gate.ledger.outbox import FIRST_MS, LONGEST_MS, PAUSE_MS, backoff_ms

MOST_S = 10


def test_each_attempt_is_put_off_for_longer_up_to_an_hour() -> None:
    for attempt, whole in [(1, FIRST_MS), (2, 2 * FIRST_MS), (3, 4 * FIRST_MS), (8, LONGEST_MS), (10_000, LONGEST_MS)]:
        found = {backoff_ms(attempt) for _ in range(200)}
        assert min(found) >= whole // 2
        assert max(found) <= whole
        assert len(found) > 100
    assert backoff_ms(1) > MOST_S * 1000, "a reservation has to outlast its request"


def test_an_attempt_is_reserved_once(store: Store, other: Store) -> None:
    whole_run(store)
    found, same = store.outbox.due(), other.outbox.due()
    assert found is not None
    assert found == same
    assert [store.outbox.reserve(found), other.outbox.reserve(found)] == [True, False]
    assert store.outbox.due() is None


def test_whoever_died_after_reserving_is_followed(store: Store, clock: ManualClock) -> None:
    whole_run(store)
    found = store.outbox.due()
    assert found is not None
    assert store.outbox.reserve(found)
    clock.advance(FIRST_MS)
    again = store.outbox.due()
    assert again is not None
    assert (again.id, again.attempts, again.last_error) == (found.id, 1, None)


def test_a_clock_that_was_ahead_puts_nothing_off(store: Store, clock: ManualClock) -> None:
    clock.step(10 * 86_400_000)
    whole_run(store)
    found = store.outbox.due()
    assert found is not None
    store.outbox.reserve(found)
    store.outbox.settle(found.id, "refused")
    clock.step(-10 * 86_400_000)
    assert store.outbox.due() is not None


def test_a_fault_leaves_the_receiver_in_peace(store: Store, clock: ManualClock) -> None:
    whole_run(store)
    clock.advance(1)
    whole_run(store, 2, target="another")
    found = store.outbox.due()
    assert found is not None
    store.outbox.reserve(found)
    second = store.outbox.due()
    assert second is not None
    assert second.id != found.id
    store.outbox.settle(found.id, "refused")
    assert store.outbox.due() is None
    clock.advance(PAUSE_MS - 1)
    assert store.outbox.due() is None
    clock.advance(1)
    assert store.outbox.due() is not None


def test_delivered_stays_delivered(store: Store, attacker: Attacker) -> None:
    whole_run(store)
    found = store.outbox.due()
    assert found is not None
    assert store.outbox.reserve(found)
    store.outbox.settle(found.id, None)
    store.outbox.settle(found.id, "refused")
    assert store.outbox.get(found.id).state == "delivered"
    assert not store.outbox.reserve(store.outbox.get(found.id))
    for change in ("delivered_ms = NULL", "delivered_ms = 1", "attempts = 2", "last_error = 'refused'"):
        with pytest.raises((sqlite3.IntegrityError, psycopg.errors.RestrictViolation), match="append-only"):
            attacker.execute(f"UPDATE notifications SET {change}")


def test_no_notification_of_that_id(store: Store) -> None:
    with pytest.raises(UnknownRecord, match="evt-nope"):
        store.outbox.get("evt-nope")
