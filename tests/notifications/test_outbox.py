"""The outbox alone: what its rows allow, and how long somebody waits."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import psycopg
import pytest
from tests.fakes.clock import ManualClock
from tests.ledger.attack import Attacker
from tests.ledger.samples import whole_run

from runbook_gate.errors import UnknownRecord
from runbook_gate.ledger import Server, Store
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


def test_a_clock_that_was_ahead_puts_nothing_off(file_store: Store, clock: ManualClock) -> None:
    clock.step(10 * 86_400_000)
    whole_run(file_store)
    found = file_store.outbox.due()
    assert found is not None
    file_store.outbox.reserve(found)
    file_store.outbox.settle(found.id, "refused")
    clock.step(-10 * 86_400_000)
    assert file_store.outbox.due() is not None


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


@pytest.mark.parametrize(("problem", "others"), [("http_500", False), ("http_422", True), ("ledger_broken", True)])
def test_a_fault_of_one_notification_puts_off_only_that(
    store: Store, clock: ManualClock, problem: str, others: bool
) -> None:
    first, second = whole_run(store).run, whole_run(store, 2, target="another").run
    found = store.outbox.due(first=first)
    assert found is not None
    store.outbox.reserve(found)
    store.outbox.settle(found.id, problem)
    waiting = store.outbox.due(first=first)
    assert (waiting is not None) is others
    assert waiting is None or waiting.run == second


def test_one_that_was_not_taken_falls_back_behind_those_that_came_meanwhile(store: Store, clock: ManualClock) -> None:
    """Each is due once its next try is; a new one is at once."""
    failed = whole_run(store).run
    clock.advance(1)
    newer = whole_run(store, 2, target="another").run
    found = store.outbox.due(first=failed)
    assert found is not None
    store.outbox.reserve(found)
    store.outbox.settle(found.id, "http_422")
    clock.advance(FIRST_MS)
    newest = whole_run(store, 3, target="a third").run
    order = []
    while found := store.outbox.due():
        assert store.outbox.reserve(found)
        store.outbox.settle(found.id, None)
        order.append(found.run)
    assert order == [newer, failed, newest]


def test_no_host_decides_what_is_due_on_a_server(place: Path | Server, store: Store, clock: ManualClock) -> None:
    """Of a store in a file the host's clock is the only one; on a server it may be as wrong as it likes."""
    whole_run(store)
    found = store.outbox.due()
    assert found is not None
    store.outbox.reserve(found)
    store.outbox.settle(found.id, "refused")
    clock.step(2 * PAUSE_MS)
    assert (store.outbox.due() is None) is isinstance(place, Server)
    clock.advance(PAUSE_MS)
    again = store.outbox.due()
    assert again is not None
    store.outbox.reserve(again)
    store.outbox.settle(again.id, None)
    after = store.outbox.get(again.id)
    now_ms = clock.began_ms + clock.elapsed_ms if isinstance(place, Server) else clock.at_ms
    assert (after.last_try_ms, after.delivered_ms) == (now_ms, now_ms)


def test_a_new_one_is_due_at_once_wherever_it_was_recorded(store: Store, clock: ManualClock) -> None:
    """On a server, by a host whose clock is ahead: then nobody else would send it for that long."""
    clock.step(LONGEST_MS)
    run = whole_run(store).run
    found = store.outbox.due()
    assert found is not None
    assert found.run == run


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
